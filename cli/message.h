/* Exit statuses, and lines for a person. What is printed of names, metadata, models and servers goes through here: it
 * steers no terminal (i2v_make_printable) and a line of it stays one line. Only fixed texts are printed otherwise. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdio.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_INTERRUPTED = 130 };

/* Prints one line; its end is added. */
__attribute__((format(printf, 2, 3))) void cli_line(FILE *to, const char *format, ...);

/* One line on standard error if shown, and in the log (log.h) in any case; so are failures. A log that can take no more
 * is told of once. */
__attribute__((format(printf, 2, 3))) void cli_say(int shown, const char *format, ...);

/* Prints one line "img2vid: ..." on standard error and returns CLI_FAILED. */
__attribute__((format(printf, 1, 2))) int cli_fail(const char *format, ...);

/* Sends out what standard output still holds; a full disk or a closed pipe is a failure like others. */
int cli_flush_output(void);

#endif
