/* The backends for each instruction set, and the choice among them. */
#include "backend/cpu/cpu.h"

#include "backend/cpu/features.h"
#include "backend/cpu/peaks.h"
#include "backend/plain/plain.h"

#define OPERATION(name) .name##_scratch = i2v_cpu_##name##_scratch, .name = i2v_cpu_##name

/* The backend whose devices have the kernels i2v_kernels_`set`. rate_of_int8: measured for the baseline of x86-64 and
 * AVX2 (linear layers of SVD-XT's sizes on an AMD EPYC); of the others what the instructions multiply, less a fifth for
 * scaling and rounding. AMX has no kernel of int8 of its own, and multiplies bf16 faster. */
#define BACKEND(set, set_name, is_bf16, rate_of_int8)                                                                  \
    static const i2v_backend set = {.name = "cpu, " set_name,                                                          \
                                    .kernels = &i2v_kernels_##set,                                                     \
                                    .multiplies_bf16 = is_bf16,                                                        \
                                    .int8_rate = rate_of_int8,                                                         \
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

#if defined(__aarch64__)
BACKEND(baseline, I2V_BASELINE_NAME, 0, 0.8);
#else
BACKEND(baseline, I2V_BASELINE_NAME, 0, 1.7);
#endif
#if defined(__x86_64__)
BACKEND(avx2, "AVX2", 0, 1.5);
BACKEND(avx_vnni, "AVX2 with VNNI", 0, 1.6);
BACKEND(avx512, "AVX-512", 0, 0.8);
BACKEND(avx512_vnni, "AVX-512 VNNI", 0, 1.6);
BACKEND(avx512_bf16, "AVX-512 BF16", 1, 0.8);
BACKEND(amx, "AMX", 1, 0.12);
#elif defined(__aarch64__)
BACKEND(neon_dot, "NEON with dot products", 0, 1.6);
#endif

/* NULL for those that are not of this architecture. */
static const i2v_backend *backend_of(i2v_cpu_set set) {
    static const i2v_backend *const all[I2V_CPU_SETS] = {
        [I2V_CPU_BASELINE] = &baseline,
#if defined(__x86_64__)
        [I2V_CPU_AVX2] = &avx2,
        [I2V_CPU_AVX_VNNI] = &avx_vnni,
        [I2V_CPU_AVX512] = &avx512,
        [I2V_CPU_AVX512_VNNI] = &avx512_vnni,
        [I2V_CPU_AVX512_BF16] = &avx512_bf16,
        [I2V_CPU_AMX] = &amx,
#elif defined(__aarch64__)
        [I2V_CPU_NEON_DOT] = &neon_dot,
#endif
    };
    return i2v_cpu_has(set) ? all[set] : NULL;
}

const i2v_backend *i2v_backend_cpu_variant(int index) {
    int found = -1;
    for (int set = 0; set < I2V_CPU_SETS; set++) {
        const i2v_backend *backend = backend_of((i2v_cpu_set)set);
        if (backend && ++found == index) return backend;
    }
    return NULL;
}

const i2v_backend *i2v_backend_cpu(void) {
    const i2v_backend *best = &baseline;
    for (int set = 0; set < I2V_CPU_SETS; set++) {
        const i2v_backend *backend = backend_of((i2v_cpu_set)set);
#if defined(__x86_64__)
        if (set == I2V_CPU_AVX512_BF16 && !i2v_cpu_has_fast_bf16()) continue;
#endif
        if (backend) best = backend;
    }
    return best;
}
