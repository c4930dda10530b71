/* Exit statuses, and the sentences for a person on standard error. */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One line, whatever file names are in it: control characters become '?'. */
static void print_line(const char *format, va_list arguments, const char *ending) {
    char line[4096];
    vsnprintf(line, sizeof line, format, arguments);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    fprintf(stderr, "img2vid: %s%s\n", line, ending);
}

int cli_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments, "");
    va_end(arguments);
    return CLI_FAILED;
}

int cli_wrong_usage(const char *command, const char *format, ...) {
    char ending[64];
    snprintf(ending, sizeof ending, "; see img2vid %s%s--help", command ? command : "", command ? " " : "");
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments, ending);
    va_end(arguments);
    return CLI_USAGE;
}

int cli_flush_output(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return CLI_DONE;
    return cli_fail("cannot write to standard output: %s", strerror(errno));
}
