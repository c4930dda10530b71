/* How far the work is: a bar on a terminal, plain lines elsewhere; and the figures that the report wants later. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "img2vid/img2vid.h"
#include "status_line.h"
#include "whole_run.h"

enum { CLI_PHASES = I2V_PHASE_DECODE + 1 };

typedef struct cli_progress {
    int quiet, terminal;
    char task[64];              /* what comes before the phase, "picture 2 of 3: " */
    const char *notes;          /* printed when work begins, so that a wrong parameter gives one line only; or NULL */
    double seconds[CLI_PHASES]; /* spent in a phase, all its parts together */
    double earlier[CLI_PHASES]; /* the same without the part that is running */
    i2v_phase phase;            /* that was told of last, and its seconds */
    double phase_seconds;
    double phase_begun; /* its steps that were done when it began */
    uint64_t memory; /* most bytes the engine held */
    double last_shown;
    cli_status_line line; /* on a terminal */
    cli_whole_run whole;
} cli_progress;

void cli_progress_begin(cli_progress *progress, int quiet, const char *notes);

/* Begins to count for the task at that place, of so many. */
void cli_progress_next(cli_progress *progress, size_t place, size_t tasks);

/* An i2v_event_callback; user is the cli_progress. Cancels once a signal came. */
int cli_progress_event(const i2v_event *event, void *user);

/* Draws a bar, of which the fraction 0..1 is full, and the percentage and text behind it; for a terminal. */
void cli_progress_bar(cli_progress *progress, double fraction, const char *text);

/* Text in place of a bar, on a terminal: what is done while no events come. */
void cli_progress_say(cli_progress *progress, const char *text);

/* Takes what was drawn away, so that something can be printed in its place, and draws it again below that. Nothing
 * where nothing stands, as where there is no terminal. */
void cli_progress_erase(cli_progress *progress);
void cli_progress_redraw(cli_progress *progress);

/* Takes the bar away for good, so that other lines can follow. */
void cli_progress_end(cli_progress *progress);

/* Seconds of a clock that only goes forward. */
double cli_now(void);

#endif
