/* How far the work is: a bar on a terminal, plain lines elsewhere; and the figures that the report wants later. */
#include "progress.h"
#include "message.h"
#include "progress_text.h"
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

void cli_progress_next(cli_progress *progress, size_t place, size_t tasks) {
    cli_whole_run_next(&progress->whole, place, tasks);
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

/* "[####------] 42 % ", with a bar as long as leaves room for words, or none. */
static void describe_bar(char *text, size_t size, double fraction) {
    static const char full[] = "########################", empty[] = "------------------------";
    int columns = cli_terminal_columns(), width = columns >= 120 ? (int)sizeof full - 1 : columns >= 72 ? 10 : 0;
    int part = fraction > 1 ? 100 : fraction > 0 ? (int)(100 * fraction) : 0, done = part * width / 100;
    if (width > 0)
        snprintf(text, size, "[%.*s%.*s] %2d %% ", done, full, width - done, empty, part);
    else
        snprintf(text, size, "%2d %% ", part);
}

void cli_progress_bar(cli_progress *progress, double fraction, const char *sentence) {
    char text[sizeof progress->line.text], bar[64];
    describe_bar(bar, sizeof bar, fraction);
    snprintf(text, sizeof text, "%s%.*s", bar, (int)(sizeof text - sizeof bar), sentence);
    cli_status_line_draw(&progress->line, text);
}

void cli_progress_say(cli_progress *progress, const char *sentence) {
    if (progress->terminal && !progress->quiet) cli_status_line_draw(&progress->line, sentence);
}

/* On a terminal what begins stands there at once, in place of what has ended. Elsewhere a line is a step's; of loading,
 * which has many, one every five seconds. */
static int is_due(const cli_progress *progress, const i2v_event *event, int begins) {
    double since = cli_now() - progress->last_shown;
    int complete = event->step >= event->steps && event->steps > 0;
    if (progress->terminal) return begins || complete || since >= 0.1;
    if (begins || event->steps_done > event->step || event->step == 0) return 0;
    return event->phase != I2V_PHASE_LOAD || complete || since >= 5;
}

static void show(cli_progress *progress, const i2v_event *event) {
    char text[sizeof progress->line.text], bar[64] = "";
    double fraction = cli_whole_run_fraction(&progress->whole, event), now = cli_now();
    cli_progress_said said = {.task = progress->task,
                              .begun = progress->phase_begun,
                              .fraction = progress->terminal ? -1 : fraction,
                              .seconds_left = cli_whole_run_seconds_left(&progress->whole, event, now)};
    progress->last_shown = now;
    if (!progress->terminal) {
        cli_progress_text(text, sizeof text, 0, event, &said);
        cli_line(stderr, "%s", text);
        return;
    }
    describe_bar(bar, sizeof bar, fraction);
    cli_progress_text(text, sizeof text, cli_terminal_columns() - 1 - (int)strlen(bar), event, &said);
    cli_progress_bar(progress, fraction, text);
}

int cli_progress_event(const i2v_event *event, void *user) {
    cli_progress *progress = user;
    int begins = event->phase != progress->phase || event->seconds < progress->phase_seconds;
    count_seconds(progress, event, begins);
    if (begins) progress->phase_begun = event->steps_done;
    progress->phase = event->phase;
    progress->phase_seconds = event->seconds;
    if (event->memory > progress->memory) progress->memory = event->memory;
    if (!progress->quiet) {
        if (progress->notes) fputs(progress->notes, stderr);
        progress->notes = NULL;
        if (is_due(progress, event, begins)) show(progress, event);
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
