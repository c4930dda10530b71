/* What is said of an event of a run. */
#include "progress_text.h"
#include "duration.h"
#include "status_line.h"

#include <stdio.h>
#include <string.h>

/* In the order in which they are said. */
enum { TASK, PHASE, PERCENT, LEFT, ENDS, MEMORY, RATE, PARTS };

typedef struct {
    char text[PARTS][96];
} parts;

static const char *unit(i2v_phase phase) {
    return phase == I2V_PHASE_LOAD ? " MiB" : phase == I2V_PHASE_DECODE ? " frames" : "";
}

/* "denoise (clip 1 of 2) (video 3) 3.4 of 25" */
static void say_phase(char *text, size_t size, const i2v_event *event) {
    char clip[48] = "", video[32] = "";
    int within = event->steps_done > event->step;
    if (event->num_clips > 1) snprintf(clip, sizeof clip, " (clip %d of %d)", event->clip + 1, event->num_clips);
    if (event->num_videos > 1) snprintf(video, sizeof video, " (video %d)", event->video + 1);
    snprintf(text, size, "%s%s%s %.*f of %d%s", i2v_phase_name(event->phase), clip, video, within, event->steps_done,
             event->steps, unit(event->phase));
}

/* "12.3 s/step", "25:20/step". The first operations of a phase are unlike the rest. */
static void say_rate(char *text, size_t size, const i2v_event *event, double begun) {
    double done = event->steps_done - begun;
    if (done < 0.1 || event->phase < I2V_PHASE_DENOISE) return;
    char time[CLI_DURATION_SIZE];
    double seconds = event->seconds / done;
    const char *step = event->phase == I2V_PHASE_DENOISE ? "step" : "frame";
    cli_duration_clock(time, seconds);
    if (seconds < 100)
        snprintf(text, size, "%.3g s/%s", seconds, step);
    else
        snprintf(text, size, "%s/%s", time, step);
}

static void say_time(parts *p, const i2v_event *event, const cli_progress_said *said) {
    char time[CLI_DURATION_SIZE];
    if (said->fraction >= 0) snprintf(p->text[PERCENT], sizeof p->text[PERCENT], "%.0f %%", 100 * said->fraction);
    say_rate(p->text[RATE], sizeof p->text[RATE], event, said->begun);
    if (said->seconds_left < 0 || (event->fraction >= 1 && said->seconds_left <= 0)) return;
    cli_duration_clock(time, said->seconds_left);
    snprintf(p->text[LEFT], sizeof p->text[LEFT], "%s left", time);
    cli_time_after(time, said->seconds_left);
    if (time[0]) snprintf(p->text[ENDS], sizeof p->text[ENDS], "ends %s", time);
}

static void join(char *text, size_t size, const parts *p) {
    size_t length = 0;
    text[0] = 0;
    for (int i = 0; i < PARTS; i++) {
        if (!p->text[i][0] || length + 3 >= size) continue;
        const char *between = length == 0 || text[length - 1] == ' ' ? "" : ", "; /* a task ends in a space */
        snprintf(text + length, size - length, "%s%s", between, p->text[i]);
        length = strlen(text);
    }
}

void cli_progress_text(char *text, size_t size, int columns, const i2v_event *event, const cli_progress_said *said) {
    static const int left_out_first[] = {RATE, TASK, MEMORY, PHASE, ENDS};
    parts p = {0};
    snprintf(p.text[TASK], sizeof p.text[TASK], "%s", said->task);
    say_phase(p.text[PHASE], sizeof p.text[PHASE], event);
    say_time(&p, event, said);
    if (event->memory) snprintf(p.text[MEMORY], sizeof p.text[MEMORY], "%.0f MiB", (double)event->memory / 0x1p20);
    join(text, size, &p);
    for (size_t i = 0; i < sizeof left_out_first / sizeof *left_out_first; i++) {
        if (columns <= 0 || text[cli_bytes_within(text, columns)] == 0) return;
        p.text[left_out_first[i]][0] = 0;
        join(text, size, &p);
    }
}
