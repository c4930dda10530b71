/* The operations of the CPU backend, each with the kernels of one instruction set. */
#ifndef I2V_BACKEND_CPU_CPU_H
#define I2V_BACKEND_CPU_CPU_H

#include "backend/cpu/kernels.h"

#define I2V_CPU_OPERATION(name)                                                                                        \
    size_t i2v_cpu_##name##_scratch(const i2v_kernels *kernels, const i2v_device *device,                              \
                                    const i2v_##name##_args *args);                                                    \
    i2v_status i2v_cpu_##name(const i2v_kernels *kernels, const i2v_device *device, const i2v_##name##_args *args,     \
                              void *scratch, i2v_error *error)

I2V_CPU_OPERATION(linear);
I2V_CPU_OPERATION(feed_forward);
I2V_CPU_OPERATION(conv);
I2V_CPU_OPERATION(temporal_conv);
I2V_CPU_OPERATION(group_norm);
I2V_CPU_OPERATION(layer_norm);
I2V_CPU_OPERATION(attention);
I2V_CPU_OPERATION(add_vectors);

#undef I2V_CPU_OPERATION

i2v_status i2v_cpu_conv_packed_size(const i2v_conv *conv, size_t *size, i2v_error *error);
i2v_status i2v_cpu_conv_pack(const i2v_conv *conv, const float *weights, void *packed, i2v_error *error);

/* The backend of one instruction set, best last; NULL from the first that this CPU lacks or that does not exist. */
const i2v_backend *i2v_backend_cpu_variant(int index);

static inline int64_t i2v_tiles(int64_t size, int64_t tile) {
    return (size + tile - 1) / tile;
}

/* The size of each of the fewest tiles of at most `tile` (the last may be smaller): as equal as can be. */
static inline int64_t i2v_even_tile(int64_t size, int64_t tile) {
    return size > 0 ? i2v_tiles(size, i2v_tiles(size, tile)) : 1;
}

static inline int64_t i2v_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}

#endif
