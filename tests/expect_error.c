/* What an error must say. */
#include "expect_error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

void assert_says(const i2v_error *error, i2v_status status, const char *part) {
    if (error->status != status || !strstr(error->message, part))
        fail_msg("status %d, \"%s\": expected %d, \"%s\"", error->status, error->message, status, part);
}
