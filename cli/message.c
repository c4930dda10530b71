/* Exit statuses, and lines for a person. */
#include "message.h"
#include "img2vid/img2vid.h"
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* to may be NULL: nowhere. */
static void print_line(FILE *to, int logged, const char *beginning, const char *format, va_list arguments) {
    char *line = NULL;
    if (!to && !(logged && cli_log_is_open())) return;
    if (vasprintf(&line, format, arguments) < 0) line = NULL;
    if (line) i2v_make_printable(line);
    const char *text = line ? line : "not enough memory for this line";
    if (to) fprintf(to, "%s%s\n", beginning, text);
    char problem[600];
    if (logged && !cli_log_line(beginning, text, problem, sizeof problem))
        cli_line(stderr, "img2vid: warning: %s", problem);
    free(line);
}

void cli_line(FILE *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(to, 0, "", format, arguments);
    va_end(arguments);
}

void cli_say(int shown, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(shown ? stderr : NULL, 1, "", format, arguments);
    va_end(arguments);
}

int cli_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_line(stderr, 1, "img2vid: ", format, arguments);
    va_end(arguments);
    return CLI_FAILED;
}

int cli_flush_output(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return CLI_DONE;
    return cli_fail("cannot write to standard output: %s", strerror(errno));
}
