/* Where the time of a forward pass goes: one row for each operation and shape. */
#ifndef I2V_TENSOR_PROFILE_H
#define I2V_TENSOR_PROFILE_H

#include "backend/backend.h"

/* Zero-initialized is empty. */
typedef struct i2v_profile {
    i2v_bench_row *rows;
    size_t count, room;
    uint64_t multiplications; /* of all rows */
    int incomplete;           /* there was no memory for a row */
} i2v_profile;

/* Forgets all rows, and frees them. */
void i2v_profile_clear(i2v_profile *profile);

/* When an operation begins. profile may be NULL here and below; then nothing is done. */
double i2v_profile_begin(const i2v_profile *profile);

/* Records an operation that began then and has just ended; multiplications: the run's so far. */
#define I2V_PROFILED(name)                                                                                             \
    void i2v_profile_##name(i2v_profile *profile, const i2v_##name##_args *args, double began, uint64_t multiplications)

/* Records that weights of `bytes` in their file were packed for one use. */
void i2v_profile_packing(i2v_profile *profile, size_t bytes, double began);

I2V_PROFILED(linear);
I2V_PROFILED(feed_forward);
I2V_PROFILED(conv);
I2V_PROFILED(temporal_conv);
I2V_PROFILED(group_factors);
I2V_PROFILED(group_moments);
I2V_PROFILED(layer_norm);
I2V_PROFILED(attention);
I2V_PROFILED(add_vectors);
I2V_PROFILED(upsample);

#endif
