/* The file of --log-file: what is said to a person, with the time before it, and the details of --verbose. */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include <stddef.h>

/* Opens the log, to which lines are added; it is a new file, an empty one or a log already, so that nothing else is
 * spoilt. Returns 1; or 0, and *why says what is wrong. */
int cli_log_open(const char *path, const char **why);

int cli_log_is_open(void);

/* Adds a line, made of both, that is printable already; nothing without a log. Returns 1; or 0 where that failed, as on
 * a full disk: the log has ended, and problem says why. */
int cli_log_line(const char *beginning, const char *line, char *problem, size_t size);

void cli_log_close(void);

#endif
