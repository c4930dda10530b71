/* The instructions of AVX512_BF16 that kernels name, beside those of AVX-512. */
#include "backend/cpu/kernels_avx512.inc.h"

#define to_bf16(x) ((half_vec)_mm512_cvtneps_pbh((__m512)(x)))
#define add_pairs(sum, x, y) ((vec)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(y)))
#define join_pairs(even, odd) ((vec)join_bf16((__m512)(even), (__m512)(odd)))

/* even[i] and odd[i] as bf16, side by side. */
static inline __m512i join_bf16(__m512 even, __m512 odd) {
    static const uint32_t halves[16] = {0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005, 0x160006, 0x170007,
                                        0x180008, 0x190009, 0x1a000a, 0x1b000b, 0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(halves), (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}
