/* Which instruction sets this CPU has. */
#include "backend/cpu/features.h"

#include "base/system.h"

#if defined(__x86_64__)
#include <cpuid.h>

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

/* Asked of the processor, as Clang's __builtin_cpu_supports does not know it. */
static int has_avx_vnni(void) {
    enum { AVX_VNNI = 1 << 4 };
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return has_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & AVX_VNNI) != 0;
}

static int has_avx512_vnni(void) {
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

/* Every processor with dot products of bf16 has those of bytes. */
static int has_avx512_bf16(void) {
    return has_avx512_vnni() && __builtin_cpu_supports("avx512bf16");
}

static int has_amx(void) {
    enum { BF16 = 1 << 22, TILE = 1 << 24, INT8 = 1 << 25 };
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return has_avx512_bf16() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
           (edx & (BF16 | TILE | INT8)) == (BF16 | TILE | INT8) && i2v_system_allow_tiles();
}

int i2v_cpu_has(i2v_cpu_set set) {
    switch (set) {
    case I2V_CPU_BASELINE:
        return 1;
    case I2V_CPU_NEON_DOT:
        return 0;
    case I2V_CPU_AVX2:
        return has_avx2();
    case I2V_CPU_AVX_VNNI:
        return has_avx_vnni();
    case I2V_CPU_AVX512:
        return has_avx512();
    case I2V_CPU_AVX512_VNNI:
        return has_avx512_vnni();
    case I2V_CPU_AVX512_BF16:
        return has_avx512_bf16();
    case I2V_CPU_AMX:
        return has_amx();
    }
    return 0;
}

int i2v_cpu_has_fast_bf16(void) {
    return __builtin_cpu_is("amd");
}

#else

int i2v_cpu_has(i2v_cpu_set set) {
#if defined(__aarch64__)
    if (set == I2V_CPU_NEON_DOT) return i2v_system_has_dot_products();
#endif
    return set == I2V_CPU_BASELINE;
}

int i2v_cpu_has_fast_bf16(void) {
    return 0;
}

#endif
