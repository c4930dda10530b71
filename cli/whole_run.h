/* How far all that a command line asks for is: every picture with every seed. */
#ifndef CLI_WHOLE_RUN_H
#define CLI_WHOLE_RUN_H

#include "img2vid/img2vid.h"

typedef struct cli_whole_run {
    size_t place, tasks; /* the task that is worked on, from 0, and how many there are */
    size_t begun;        /* of them, those that told of work: what is skipped takes no time */
    int works;           /* the task is among those */
    double began;        /* when the first did */
    double expected;     /* seconds that a task takes by its plan; 0: not known */
} cli_whole_run;

/* Turns to the task at that place. */
void cli_whole_run_next(cli_whole_run *whole, size_t place, size_t tasks);

/* What is done of all tasks, 0..1, by an event of the one that is worked on. */
double cli_whole_run_fraction(const cli_whole_run *whole, const i2v_event *event);

/* About how long the rest of all takes: the task's rest by what it has measured, else by the plan; each of the others
 * as long as those so far. Below 0 if neither is known. now: as cli_now. */
double cli_whole_run_seconds_left(cli_whole_run *whole, const i2v_event *event, double now);

#endif
