/* What is said of an event of a run: where it is, how long it takes still, its memory. */
#ifndef CLI_PROGRESS_TEXT_H
#define CLI_PROGRESS_TEXT_H

#include "img2vid/img2vid.h"

/* What an event does not say itself. */
typedef struct cli_progress_said {
    const char *task;    /* what comes before the phase, "picture 2 of 3: "; "" for none */
    double fraction;     /* of the whole run; below 0: a bar says it */
    double seconds_left; /* of the whole run; below 0: not known */
    double begun;        /* steps_done where the event's phase began: what was done before the run */
} cli_progress_said;

/* "denoise 3.4 of 25, 4:31 left, ends 03:12, 4976 MiB, 12.3 s/step": as much of it as fits `columns` columns, what
 * matters least left out first. 0 columns: all of it. */
void cli_progress_text(char *text, size_t size, int columns, const i2v_event *event, const cli_progress_said *said);

#endif
