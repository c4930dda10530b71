/* The instruction sets that this CPU has, of those that there are kernels for. */
#ifndef I2V_BACKEND_CPU_FEATURES_H
#define I2V_BACKEND_CPU_FEATURES_H

/* From the least to the best, those of both architectures. */
typedef enum i2v_cpu_set {
    I2V_CPU_BASELINE, /* SSE2, or NEON */
    I2V_CPU_NEON_DOT, /* dot products of bytes */
    I2V_CPU_AVX2,
    I2V_CPU_AVX_VNNI,
    I2V_CPU_AVX512,
    I2V_CPU_AVX512_VNNI,
    I2V_CPU_AVX512_BF16, /* with AVX512_VNNI */
    I2V_CPU_AMX
} i2v_cpu_set;
enum { I2V_CPU_SETS = I2V_CPU_AMX + 1 };

/* 0 for what is no such set, too. */
int i2v_cpu_has(i2v_cpu_set set);

/* Whether dot products of bf16 do twice as much as multiply-adds of f32. AMD's do; Intel's (Emerald Rapids) do half,
 * so that widened values are multiplied faster. Asked of the vendor and not measured: results must not depend on the
 * moment. */
int i2v_cpu_has_fast_bf16(void);

#endif
