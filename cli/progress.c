/* How far the work is: a bar on a terminal, plain lines elsewhere; and the figures that the report wants later. */
#include "progress.h"
#include "message.h"
#include "signals.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

double cli_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *cli_phase_name(i2v_phase phase) {
    static const char *const names[CLI_PHASES] = {"load", "encode", "denoise", "decode"};
    return (unsigned)phase < CLI_PHASES ? names[phase] : "work";
}

void cli_progress_begin(cli_progress *progress, int quiet, const char *notes) {
    memset(progress, 0, sizeof *progress);
    progress->quiet = quiet;
    progress->terminal = isatty(STDERR_FILENO);
    progress->notes = notes;
}

void cli_progress_next(cli_progress *progress) {
    memset(progress->seconds, 0, sizeof progress->seconds);
    memset(progress->earlier, 0, sizeof progress->earlier);
    progress->memory = 0;
    progress->task[0] = 0;
}

/* A phase may come several times: weights are loaded component by component. */
static void count_seconds(cli_progress *progress, const i2v_event *event) {
    if ((unsigned)event->phase >= CLI_PHASES) return;
    double *total = &progress->seconds[event->phase], *earlier = &progress->earlier[event->phase];
    if (event->step == 0 || *earlier + event->seconds < *total) *earlier = *total;
    *total = *earlier + event->seconds;
}

static double time_left(const i2v_event *event) {
    return event->step > 0 ? event->seconds / event->step * (event->steps - event->step) : 0;
}

/* "denoise 3 of 25, 12.34 s/step, 4:31 left" */
static void describe(char *text, size_t size, const cli_progress *progress, const i2v_event *event) {
    const char *unit = event->phase == I2V_PHASE_LOAD ? " MiB" : event->phase == I2V_PHASE_DECODE ? " frames" : "";
    char video[32] = "", clip[48] = "", rate[64] = "";
    if (event->num_clips > 1) snprintf(clip, sizeof clip, " (clip %d of %d)", event->clip + 1, event->num_clips);
    if (event->num_videos > 1) snprintf(video, sizeof video, " (video %d)", event->video + 1);
    if (event->step > 0 && event->phase >= I2V_PHASE_DENOISE) {
        long left = (long)(time_left(event) + 0.5);
        snprintf(rate, sizeof rate, ", %.3g s/%s, %ld:%02ld left", event->seconds / event->step,
                 event->phase == I2V_PHASE_DENOISE ? "step" : "frame", left / 60, left % 60);
    }
    snprintf(text, size, "%s%s%s%s %d of %d%s%s", progress->task, cli_phase_name(event->phase), clip, video,
             event->step, event->steps, unit, rate);
}

static int terminal_columns(void) {
    struct winsize window;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col ? window.ws_col : 80;
}

void cli_progress_bar(cli_progress *progress, double fraction, const char *sentence) {
    static const char full[] = "########################", empty[] = "------------------------";
    int width = (int)sizeof full - 1, columns = terminal_columns();
    int done = fraction > 1 ? width : fraction > 0 ? (int)(fraction * width) : 0;
    char text[300];
    snprintf(text, sizeof text, "%s", sentence);
    i2v_make_printable(text);
    if (columns > width + 30) /* else the line would wrap, and a wrapped line cannot be written over */
        fprintf(stderr, "\r[%.*s%.*s] %.*s\033[K", done, full, width - done, empty, columns - width - 4, text);
    else
        fprintf(stderr, "\r%.*s\033[K", columns - 1, text);
    progress->line_open = 1;
}

static void show(cli_progress *progress, const i2v_event *event) {
    double now = cli_now(), pause = progress->terminal ? 0.1 : event->phase == I2V_PHASE_LOAD ? 5 : 1;
    int complete = event->step >= event->steps && event->steps > 0;
    if (!complete && now - progress->last_shown < pause) return;
    char text[256];
    describe(text, sizeof text, progress, event);
    if (progress->terminal)
        cli_progress_bar(progress, event->steps > 0 ? (double)event->step / event->steps : 0, text);
    else if (event->step > 0)
        cli_line(stderr, "%s", text);
    progress->last_shown = now;
}

int cli_progress_event(const i2v_event *event, void *user) {
    cli_progress *progress = user;
    count_seconds(progress, event);
    if (event->memory > progress->memory) progress->memory = event->memory;
    if (!progress->quiet) {
        if (progress->notes) fputs(progress->notes, stderr);
        progress->notes = NULL;
        show(progress, event);
    }
    return cli_signals_came(NULL);
}

void cli_progress_end(cli_progress *progress) {
    if (progress->line_open) fputs("\r\033[K", stderr);
    progress->line_open = 0;
}
