/* How far the work is: a bar on a terminal, plain lines elsewhere; and the figures that the report wants later. */
#include "progress.h"
#include "message.h"
#include "signals.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

double cli_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_begin(cli_progress *progress, int quiet, const char *notes) {
    memset(progress, 0, sizeof *progress);
    progress->quiet = quiet;
    progress->terminal = cli_is_terminal();
    progress->notes = notes;
}

void cli_progress_next(cli_progress *progress) {
    memset(progress->seconds, 0, sizeof progress->seconds);
    memset(progress->earlier, 0, sizeof progress->earlier);
    progress->memory = 0;
    progress->phase_seconds = HUGE_VAL;
    progress->task[0] = 0;
}

/* A phase may come several times: weights are loaded component by component. */
static void count_seconds(cli_progress *progress, const i2v_event *event, int begins) {
    if ((unsigned)event->phase >= CLI_PHASES) return;
    double *total = &progress->seconds[event->phase], *earlier = &progress->earlier[event->phase];
    if (begins) *earlier = *total;
    *total = *earlier + event->seconds;
}

/* "4:31", "1:04:31" */
static void describe_time(char *text, size_t size, double seconds) {
    long whole = (long)(seconds + 0.5), hours = whole / 3600;
    if (hours)
        snprintf(text, size, "%ld:%02ld:%02ld", hours, whole / 60 % 60, whole % 60);
    else
        snprintf(text, size, "%ld:%02ld", whole / 60, whole % 60);
}

/* "denoise 3 of 25, 4:31 left, 12.34 s/step", within a step "denoise 3.4 of 25"; what is left is all of the task. */
static void describe(char *text, size_t size, const cli_progress *progress, const i2v_event *event) {
    const char *unit = event->phase == I2V_PHASE_LOAD ? " MiB" : event->phase == I2V_PHASE_DECODE ? " frames" : "";
    char video[32] = "", clip[48] = "", rate[64] = "", left[64] = "", time[32];
    int within = event->steps_done > event->step;
    if (event->num_clips > 1) snprintf(clip, sizeof clip, " (clip %d of %d)", event->clip + 1, event->num_clips);
    if (event->num_videos > 1) snprintf(video, sizeof video, " (video %d)", event->video + 1);
    if (event->steps_done >= 0.1 && event->phase >= I2V_PHASE_DENOISE) /* the first operations are unlike the rest */
        snprintf(rate, sizeof rate, ", %.3g s/%s", event->seconds / event->steps_done,
                 event->phase == I2V_PHASE_DENOISE ? "step" : "frame");
    if (event->seconds_left >= 0 && event->fraction < 1) {
        describe_time(time, sizeof time, event->seconds_left);
        snprintf(left, sizeof left, ", %s left", time);
    }
    snprintf(text, size, "%s%s%s%s %.*f of %d%s%s%s", progress->task, i2v_phase_name(event->phase), clip, video, within,
             event->steps_done, event->steps, unit, left, rate); /* a narrow terminal cuts the end */
}

void cli_progress_bar(cli_progress *progress, double fraction, const char *sentence) {
    static const char full[] = "########################", empty[] = "------------------------";
    int width = (int)sizeof full - 1, part = fraction > 1 ? 100 : fraction > 0 ? (int)(100 * fraction) : 0;
    int done = part * width / 100;
    char text[sizeof progress->line.text];
    if (cli_terminal_columns() > width + 40)
        snprintf(text, sizeof text, "[%.*s%.*s] %2d %% %s", done, full, width - done, empty, part, sentence);
    else
        snprintf(text, sizeof text, "%2d %% %s", part, sentence);
    cli_status_line_draw(&progress->line, text);
}

void cli_progress_say(cli_progress *progress, const char *sentence) {
    if (progress->terminal && !progress->quiet) cli_status_line_draw(&progress->line, sentence);
}

/* What begins stands there at once, in place of what has ended. */
static int is_due(const cli_progress *progress, const i2v_event *event, int begins) {
    double pause = progress->terminal ? 0.1 : event->phase == I2V_PHASE_LOAD ? 5 : 1;
    int within = event->steps_done > event->step, complete = event->step >= event->steps && event->steps > 0;
    if (!progress->terminal && (within || event->step == 0)) return 0;
    return complete || (progress->terminal && begins) || cli_now() - progress->last_shown >= pause;
}

static void show(cli_progress *progress, const i2v_event *event, int begins) {
    char text[400];
    if (!is_due(progress, event, begins)) return;
    describe(text, sizeof text, progress, event);
    if (progress->terminal)
        cli_progress_bar(progress, event->fraction, text);
    else
        cli_line(stderr, "%s", text);
    progress->last_shown = cli_now();
}

int cli_progress_event(const i2v_event *event, void *user) {
    cli_progress *progress = user;
    int begins = event->phase != progress->phase || event->seconds < progress->phase_seconds;
    count_seconds(progress, event, begins);
    progress->phase = event->phase;
    progress->phase_seconds = event->seconds;
    if (event->memory > progress->memory) progress->memory = event->memory;
    if (!progress->quiet) {
        if (progress->notes) fputs(progress->notes, stderr);
        progress->notes = NULL;
        show(progress, event, begins);
    }
    return cli_signals_came(NULL);
}

void cli_progress_erase(cli_progress *progress) {
    cli_status_line_erase(&progress->line);
}

void cli_progress_redraw(cli_progress *progress) {
    if (progress->terminal && !progress->quiet) cli_status_line_redraw(&progress->line);
}

void cli_progress_end(cli_progress *progress) {
    cli_status_line_erase(&progress->line);
    progress->line.text[0] = 0;
}
