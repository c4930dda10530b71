#include "base/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

i2v_status i2v_fail(i2v_error *error, i2v_status status, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        i2v_make_printable(error->message); /* names in it come from files and servers */
        error->status = status;
    }
    return status;
}

i2v_status i2v_fail_memory(i2v_error *error, const char *what, uint64_t bytes) {
    return i2v_fail(error, I2V_ERROR_MEMORY, "not enough memory for %s: %" PRIu64 " MiB more are needed", what,
                    (bytes >> 20) + 1);
}
