/* Lengths of time and times of day, as people read them. */
#ifndef CLI_DURATION_H
#define CLI_DURATION_H

#include <stddef.h>

enum { CLI_DURATION_SIZE = 32 };

/* "4:31", "1:04:31": for what is told anew all the time. */
void cli_duration_clock(char text[CLI_DURATION_SIZE], double seconds);

/* "0.8 s", "34 s", "4 min 31 s", "10 h 54 min": for what is told once. */
void cli_duration_words(char text[CLI_DURATION_SIZE], double seconds);

/* The time of day, here, when so many seconds have gone by: "03:12", of another day "Sun 03:12". "" if the system
 * cannot tell. */
void cli_time_after(char text[CLI_DURATION_SIZE], double seconds);

#endif
