/* The operations of the CPU backend, with the kernels that the device has. */
#ifndef I2V_BACKEND_CPU_CPU_H
#define I2V_BACKEND_CPU_CPU_H

#include "backend/cpu/kernels.h"

#define I2V_CPU_OPERATION(name)                                                                                        \
    size_t i2v_cpu_##name##_scratch(const i2v_device *device, const i2v_##name##_args *args);                          \
    i2v_status i2v_cpu_##name(const i2v_device *device, const i2v_##name##_args *args, void *scratch, i2v_error *error)

I2V_CPU_OPERATION(linear);
I2V_CPU_OPERATION(feed_forward);
I2V_CPU_OPERATION(conv);
I2V_CPU_OPERATION(temporal_conv);
I2V_CPU_OPERATION(group_factors);
I2V_CPU_OPERATION(group_moments);
I2V_CPU_OPERATION(layer_norm);
I2V_CPU_OPERATION(attention);
I2V_CPU_OPERATION(add_vectors);

#undef I2V_CPU_OPERATION

/* For bands of a group norm; see i2v_backend. */
size_t i2v_cpu_moments_size(const i2v_norm *norm, int frames, int64_t pixels);
int64_t i2v_cpu_moments_tile(const i2v_norm *norm, int64_t pixels);

/* Weights in the layout of the product's kernel; see i2v_backend. Each thread has so many bytes of packing's scratch.
 */
enum { I2V_PACK_SCRATCH = 256 * 1024 };
size_t i2v_cpu_pack_scratch(const i2v_device *device);
i2v_packing i2v_cpu_choose_packing(const i2v_device *device, i2v_element element, i2v_element input, int in, int taps);
size_t i2v_cpu_filter_size(const i2v_device *device, const i2v_filter *filter);
i2v_status i2v_cpu_filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                               void *scratch, void *packed, i2v_error *error);
size_t i2v_cpu_conv_size(const i2v_device *device, const i2v_conv *conv);
i2v_status i2v_cpu_conv_pack(const i2v_device *device, const i2v_conv *conv, const i2v_source *source, void *scratch,
                             void *packed, i2v_error *error);
/* The convolution's filter, or of a doubling one that of phase 0..3: outputs at row phase / 2, column phase % 2. */
i2v_filter i2v_cpu_conv_filter(const i2v_kernels *kernels, const i2v_conv *conv, int phase);

/* The backend of one instruction set of those that this CPU has, best last; NULL after the last. */
const i2v_backend *i2v_backend_cpu_variant(int index);

/* size / unit, rounded up. */
static inline int64_t i2v_divide_up(int64_t size, int64_t unit) {
    return (size + unit - 1) / unit;
}

/* The size of each of the fewest tiles of at most `tile` (the last may be smaller): as equal as can be. */
static inline int64_t i2v_even_tile(int64_t size, int64_t tile) {
    return size > 0 ? i2v_divide_up(size, i2v_divide_up(size, tile)) : 1;
}

static inline int64_t i2v_round_up(int64_t size, int64_t unit) {
    return i2v_divide_up(size, unit) * unit;
}

/* Floats from row to row of sums [rows][columns], an odd number of lines of the cache, so that rows lie in different
 * sets of it. */
static inline int64_t i2v_spread_rows(int64_t columns) {
    return i2v_divide_up(columns, 16) / 2 * 32 + 16;
}

static inline int64_t i2v_min(int64_t a, int64_t b) {
    return a < b ? a : b;
}

#endif
