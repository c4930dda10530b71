/* What an error must say. */
#ifndef I2V_TESTS_EXPECT_ERROR_H
#define I2V_TESTS_EXPECT_ERROR_H

#include "base/error.h"

/* Fails the running test unless the error has this status, and a message with `part` in it. */
void assert_says(const i2v_error *error, i2v_status status, const char *part);

#endif
