/* Errors of the program's own. */
#include "error.h"

#include <stdio.h>

i2v_status cli_error_vfail(i2v_error *error, i2v_status status, const char *format, va_list arguments) {
    vsnprintf(error->message, sizeof error->message, format, arguments);
    error->names_count = 0;
    return error->status = status;
}

i2v_status cli_error_fail(i2v_error *error, i2v_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    cli_error_vfail(error, status, format, arguments);
    va_end(arguments);
    return status;
}
