/* The backends for each instruction set, and the choice among them. */
#include "backend/cpu/cpu.h"

#include "backend/cpu/features.h"
#include "backend/cpu/peaks.h"
#include "backend/plain/plain.h"

#define BACKEND baseline
#define BACKEND_NAME "cpu, " I2V_BASELINE_NAME
#define BACKEND_MULTIPLIES_BF16 0
#define KERNELS i2v_kernels_baseline
#include "backend/cpu/backend_table.inc.h"

#if defined(__x86_64__)
#define BACKEND avx2
#define BACKEND_NAME "cpu, AVX2"
#define BACKEND_MULTIPLIES_BF16 0
#define KERNELS i2v_kernels_avx2
#include "backend/cpu/backend_table.inc.h"

#define BACKEND avx512
#define BACKEND_NAME "cpu, AVX-512"
#define BACKEND_MULTIPLIES_BF16 0
#define KERNELS i2v_kernels_avx512
#include "backend/cpu/backend_table.inc.h"

#define BACKEND avx512_bf16
#define BACKEND_NAME "cpu, AVX-512 BF16"
#define BACKEND_MULTIPLIES_BF16 1
#define KERNELS i2v_kernels_avx512_bf16
#include "backend/cpu/backend_table.inc.h"

#define BACKEND amx
#define BACKEND_NAME "cpu, AMX"
#define BACKEND_MULTIPLIES_BF16 1
#define KERNELS i2v_kernels_amx
#include "backend/cpu/backend_table.inc.h"
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
