/* The backends for each instruction set, and the choice among them. */
#include "backend/cpu/cpu.h"

#include "backend/cpu/features.h"
#include "backend/cpu/peaks.h"
#include "backend/plain/plain.h"

#define OPERATION(name) .name##_scratch = i2v_cpu_##name##_scratch, .name = i2v_cpu_##name

/* The backend whose devices have the kernels i2v_kernels_`set`. */
#define BACKEND(set, set_name, is_bf16)                                                                                \
    static const i2v_backend set = {.name = "cpu, " set_name,                                                          \
                                    .kernels = &i2v_kernels_##set,                                                     \
                                    .multiplies_bf16 = is_bf16,                                                        \
                                    .memory = &i2v_plain_memory,                                                       \
                                    .pack_scratch = i2v_cpu_pack_scratch,                                              \
                                    .choose_packing = i2v_cpu_choose_packing,                                          \
                                    .filter_size = i2v_cpu_filter_size,                                                \
                                    .filter_pack = i2v_cpu_filter_pack,                                                \
                                    .conv_size = i2v_cpu_conv_size,                                                    \
                                    .conv_pack = i2v_cpu_conv_pack,                                                    \
                                    .moments_size = i2v_cpu_moments_size,                                              \
                                    .moments_tile = i2v_cpu_moments_tile,                                              \
                                    OPERATION(linear),                                                                 \
                                    OPERATION(feed_forward),                                                           \
                                    OPERATION(conv),                                                                   \
                                    OPERATION(temporal_conv),                                                          \
                                    OPERATION(group_factors),                                                          \
                                    OPERATION(group_moments),                                                          \
                                    OPERATION(layer_norm),                                                             \
                                    OPERATION(attention),                                                              \
                                    OPERATION(add_vectors),                                                            \
                                    .upsample_scratch = i2v_plain_upsample_scratch,                                    \
                                    .upsample = i2v_plain_upsample,                                                    \
                                    .measure_peaks = i2v_cpu_measure_peaks}

BACKEND(baseline, I2V_BASELINE_NAME, 0);
#if defined(__x86_64__)
BACKEND(avx2, "AVX2", 0);
BACKEND(avx512, "AVX-512", 0);
BACKEND(avx512_bf16, "AVX-512 BF16", 1);
BACKEND(amx, "AMX", 1);
#endif

const i2v_backend *i2v_backend_cpu_variant(int index) {
    if (index == I2V_CPU_BASELINE) return &baseline;
#if defined(__x86_64__)
    if (!i2v_cpu_has((i2v_cpu_set)index)) return NULL;
    if (index == I2V_CPU_AVX2) return &avx2;
    if (index == I2V_CPU_AVX512) return &avx512;
    if (index == I2V_CPU_AVX512_BF16) return &avx512_bf16;
    if (index == I2V_CPU_AMX) return &amx;
#endif
    return NULL;
}

const i2v_backend *i2v_backend_cpu(void) {
    const i2v_backend *best = i2v_backend_cpu_variant(0);
    for (int i = 1; i2v_backend_cpu_variant(i); i++) best = i2v_backend_cpu_variant(i);
#if defined(__x86_64__)
    if (best == &avx512_bf16 && !i2v_cpu_has_fast_bf16()) best = &avx512;
#endif
    return best;
}
