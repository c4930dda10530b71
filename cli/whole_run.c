/* How far all that a command line asks for is. */
#include "whole_run.h"

void cli_whole_run_next(cli_whole_run *whole, size_t place, size_t tasks) {
    whole->place = place;
    whole->tasks = tasks;
    whole->works = 0;
}

double cli_whole_run_fraction(const cli_whole_run *whole, const i2v_event *event) {
    return whole->tasks > 1 ? ((double)whole->place + event->fraction) / (double)whole->tasks : event->fraction;
}

double cli_whole_run_seconds_left(cli_whole_run *whole, const i2v_event *event, double now) {
    if (!whole->works && whole->begun++ == 0) whole->began = now;
    whole->works = 1;
    double here = event->seconds_left;
    if (here < 0 && whole->expected > 0) here = whole->expected * (1 - event->fraction);
    if (here < 0 || whole->place + 1 >= whole->tasks) return here;
    double each = (now - whole->began + here) / (double)whole->begun;
    return here + each * (double)(whole->tasks - whole->place - 1);
}
