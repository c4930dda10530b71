/* Errors of the program's own, as the library has them: to be told later, with dashes before parameters' names. */
#ifndef CLI_ERROR_H
#define CLI_ERROR_H

#include "img2vid/img2vid.h"

#include <stdarg.h>

/* Fills error, in which no parameter is named. Returns status. */
__attribute__((format(printf, 3, 4))) i2v_status cli_error_fail(i2v_error *error, i2v_status status, const char *format,
                                                                ...);
__attribute__((format(printf, 3, 0))) i2v_status cli_error_vfail(i2v_error *error, i2v_status status,
                                                                 const char *format, va_list arguments);

#endif
