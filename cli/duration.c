/* Lengths of time and times of day, as people read them. */
#include "duration.h"

#include <stdio.h>
#include <time.h>

/* A century: what an estimate may say of a run that nobody waits for still fits the text. */
static const double MOST_SECONDS = 100.0 * 366 * 86400;

/* Whole ones, in 0..MOST_SECONDS. */
static long whole(double seconds) {
    return seconds > 0 ? (long)((seconds < MOST_SECONDS ? seconds : MOST_SECONDS) + 0.5) : 0;
}

void cli_duration_clock(char text[CLI_DURATION_SIZE], double seconds) {
    long s = whole(seconds), hours = s / 3600;
    if (hours)
        snprintf(text, CLI_DURATION_SIZE, "%ld:%02ld:%02ld", hours, s / 60 % 60, s % 60);
    else
        snprintf(text, CLI_DURATION_SIZE, "%ld:%02ld", s / 60, s % 60);
}

void cli_duration_words(char text[CLI_DURATION_SIZE], double seconds) {
    long s = whole(seconds), minutes = whole(seconds / 60);
    if (s < 10)
        snprintf(text, CLI_DURATION_SIZE, "%.1f s", seconds > 0 ? seconds : 0.0);
    else if (s < 60)
        snprintf(text, CLI_DURATION_SIZE, "%ld s", s);
    else if (s < 3600)
        snprintf(text, CLI_DURATION_SIZE, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(text, CLI_DURATION_SIZE, "%ld h %ld min", minutes / 60, minutes % 60);
}

void cli_time_after(char text[CLI_DURATION_SIZE], double seconds) {
    time_t now = time(NULL), then = now + (time_t)whole(seconds);
    struct tm today, day;
    text[0] = 0;
    if (!localtime_r(&now, &today) || !localtime_r(&then, &day)) return;
    int same = today.tm_year == day.tm_year && today.tm_yday == day.tm_yday;
    int week = then - now > (time_t)6 * 86400;
    strftime(text, CLI_DURATION_SIZE, same ? "%H:%M" : week ? "%Y-%m-%d %H:%M" : "%a %H:%M", &day);
}
