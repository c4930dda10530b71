/* Errors: a status that goes up, and the sentence for a person. */
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *i2v_status_name(i2v_status status) {
    static const char *const names[] = {"ok",          "parameter", "io",       "format",    "model",
                                        "unsupported", "memory",    "internal", "cancelled", "network"};
    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

/* Takes the marks of I2V_NAME out of the message. What is between is made printable: it comes from files and servers.
 */
static void take_names(i2v_error *error) {
    static const char marks[] = I2V_NAME("");
    char *from = error->message, *to = from, mark = 0;
    int begin = 0;
    error->names_count = 0;
    do {
        size_t length = strcspn(from, marks);
        char *next = from + length, before = mark;
        mark = *next;
        *next = '\0';
        i2v_make_printable(from);
        size_t printable = strlen(from);
        memmove(to, from, printable);
        to += printable;
        int place = (int)(to - error->message);
        if (before == marks[0] && mark == marks[1] && error->names_count < I2V_ERROR_NAMES)
            error->names[error->names_count++] = (i2v_span){begin, place - begin};
        begin = place;
        from = next + 1;
    } while (mark);
    *to = '\0';
}

i2v_status i2v_fail(i2v_error *error, i2v_status status, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        take_names(error);
        error->status = status;
    }
    return status;
}

i2v_status i2v_fail_memory(i2v_error *error, const char *what, uint64_t bytes) {
    return i2v_fail(error, I2V_ERROR_MEMORY, "not enough memory for %s: %" PRIu64 " MiB more are needed", what,
                    (bytes >> 20) + 1);
}

static const char *way_out(int code) {
    switch (code) {
    case ENOENT:
        return "; check the path";
    case EACCES:
        return "; check who may do so, there and in its folder";
    case ELOOP:
        return "; its links lead in a circle, name the file itself";
    case ENOSPC:
#ifdef EDQUOT
    case EDQUOT:
#endif
        return "; make room there, or give another place";
    case EFBIG:
    case EROFS:
        return "; give another place";
    default:
        return "";
    }
}

i2v_status i2v_fail_system(i2v_error *error, const char *verb, const char *what, int code) {
    if (code == ENOMEM) return i2v_fail_memory(error, what, 0);
    return i2v_fail(error, I2V_ERROR_IO, "cannot %s %s: %s%s", verb, what, strerror(code), way_out(code));
}

i2v_status i2v_require(i2v_error *error, ...) {
    i2v_status status = I2V_OK;
    va_list pairs;
    va_start(pairs, error);
    for (const char *name; !status && (name = va_arg(pairs, const char *)) != NULL;) {
        if (!va_arg(pairs, const void *)) status = i2v_fail(error, I2V_ERROR_PARAMETER, "%s is NULL", name);
    }
    va_end(pairs);
    return status;
}
