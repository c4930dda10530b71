/* The file of --log-file: what is said to a person, with the time before it, and the details of --verbose. */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include "options.h"

/* Opens the log, to which lines are added; it is a new file, an empty one or a log already, so that nothing else is
 * spoilt. path may be NULL: there is none. Returns CLI_DONE, or CLI_FAILED after saying why. */
int cli_log_open(const char *path, const cli_command *command);

int cli_log_is_open(void);

/* Adds a line, made of both, that is printable already; nothing without a log. A full disk is told of once, and ends
 * the log. */
void cli_log_line(const char *beginning, const char *line);

void cli_log_close(void);

#endif
