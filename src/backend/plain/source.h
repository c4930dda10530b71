/* Weights of a file are checked while they are packed: one that is not finite is named. */
#ifndef I2V_BACKEND_PLAIN_SOURCE_H
#define I2V_BACKEND_PLAIN_SOURCE_H

#include "backend/backend.h"

/* 1 if `count` values at `from`, which need not be aligned, are finite, or the source is to hold any. */
int i2v_source_is_finite(const i2v_source *source, const void *from, size_t count);

/* Fails with the first of the source's `count` values that is not: I2V_ERROR_MODEL. */
i2v_status i2v_source_fail_value(const i2v_source *source, uint64_t count, i2v_error *error);

#endif
