/* The backends for each instruction set, and the choice among them. */
#include "backend/cpu/cpu.h"

#include "backend/cpu/peaks.h"
#include "backend/plain/plain.h"

#define BACKEND baseline
#define BACKEND_NAME "cpu, " I2V_BASELINE_NAME
#define KERNELS i2v_kernels_baseline
#include "backend/cpu/backend_table.inc.h"

#if defined(__x86_64__)
#define BACKEND avx2
#define BACKEND_NAME "cpu, AVX2"
#define KERNELS i2v_kernels_avx2
#include "backend/cpu/backend_table.inc.h"

#define BACKEND avx512
#define BACKEND_NAME "cpu, AVX-512"
#define KERNELS i2v_kernels_avx512
#include "backend/cpu/backend_table.inc.h"

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

const i2v_backend *i2v_backend_cpu_variant(int index) {
    if (index == 0) return &baseline;
#if defined(__x86_64__)
    if (index == 1 && has_avx2()) return &avx2;
    if (index == 2 && has_avx512()) return &avx512;
#endif
    return NULL;
}

const i2v_backend *i2v_backend_cpu(void) {
    const i2v_backend *best = i2v_backend_cpu_variant(0);
    for (int i = 1; i2v_backend_cpu_variant(i); i++) best = i2v_backend_cpu_variant(i);
    return best;
}
