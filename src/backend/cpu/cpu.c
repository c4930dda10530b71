/* The backends for each instruction set, and the choice among them. */
#include "backend/cpu/cpu.h"

#include "backend/cpu/peaks.h"
#include "backend/plain/plain.h"
#include "base/system.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

/* Asked of the processor: Clang's __builtin_cpu_supports does not know the name. Its registers are AVX's, about which
 * the system is asked with the others. */
static int has_f16c(void) {
    enum { F16C = 1 << 29 };
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & F16C) != 0;
}

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static int has_avx512_bf16(void) {
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}

static int has_amx(void) {
    enum { BF16 = 1 << 22, TILE = 1 << 24, INT8 = 1 << 25 };
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return has_avx512_bf16() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
           (edx & (BF16 | TILE | INT8)) == (BF16 | TILE | INT8) && i2v_system_allow_tiles();
}

/* Whether dot products of bf16 do twice as much as multiply-adds of f32. AMD's do; Intel's (Emerald Rapids) do half,
 * so that widened values are multiplied faster. Asked of the vendor and not measured: results must not depend on the
 * moment. */
static int has_fast_bf16(void) {
    return __builtin_cpu_is("amd");
}
#endif

const i2v_backend *i2v_backend_cpu_variant(int index) {
    if (index == 0) return &baseline;
#if defined(__x86_64__)
    if (index == 1 && has_avx2()) return &avx2;
    if (index == 2 && has_avx512()) return &avx512;
    if (index == 3 && has_avx512_bf16()) return &avx512_bf16;
    if (index == 4 && has_amx()) return &amx;
#endif
    return NULL;
}

const i2v_backend *i2v_backend_cpu(void) {
    const i2v_backend *best = i2v_backend_cpu_variant(0);
    for (int i = 1; i2v_backend_cpu_variant(i); i++) best = i2v_backend_cpu_variant(i);
#if defined(__x86_64__)
    if (best == &avx512_bf16 && !has_fast_bf16()) best = &avx512;
#endif
    return best;
}
