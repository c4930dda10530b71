/* Runs that leave the numbers: NaN and infinities end in an error at the phase that made them, not in a black video. */
#ifndef I2V_PIPELINE_NOT_FINITE_H
#define I2V_PIPELINE_NOT_FINITE_H

#include "pipeline/engine.h"

/* Fails on a NaN or an infinity among the caller's values: I2V_ERROR_PARAMETER, with their name. */
i2v_status i2v_check_given(i2v_engine *engine, const float *values, size_t count, const char *name);

/* The same of what a part of the model computed, which the format names, and of values larger than any model computes:
 * I2V_ERROR_MODEL, with what may have caused it. */
I2V_PRINTF(5, 6) i2v_status
i2v_check_computed(i2v_engine *engine, i2v_part part, const float *values, size_t count, const char *format, ...);

#endif
