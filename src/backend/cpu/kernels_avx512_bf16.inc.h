/* The instructions of AVX-512 and AVX512_BF16 that kernels name. */
#include <immintrin.h>
#include <stdint.h>

#define VECTOR_WIDTH 16
#define ROW_TILE 12
#define vec_max(x, y) ((vec)_mm512_max_ps((__m512)(x), (__m512)(y)))
#define vec_min(x, y) ((vec)_mm512_min_ps((__m512)(x), (__m512)(y)))
#define round_to_whole(x) ((vec)_mm512_roundscale_ps((__m512)(x), _MM_FROUND_TO_NEAREST_INT))
#define scale_by_power(x, n) ((vec)_mm512_scalef_ps((__m512)(x), (__m512)(n)))
#define load_f16(x) ((vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(x))))
#define vec_divide(x, y) ((vec)divide((__m512)(x), (__m512)(y)))
#define to_bf16(x) ((half_vec)_mm512_cvtneps_pbh((__m512)(x)))
#define add_pairs(sum, x, y) ((vec)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(y)))
#define join_pairs(even, odd) ((vec)join_bf16((__m512)(even), (__m512)(odd)))

/* x / y for y from 1 on, by the reciprocal that one step of Newton's makes of one of 14 bits: relative error 2e-7. */
static inline __m512 divide(__m512 x, __m512 y) {
    __m512 near = _mm512_rcp14_ps(y);
    return _mm512_mul_ps(x, _mm512_mul_ps(near, _mm512_fnmadd_ps(near, y, _mm512_set1_ps(2))));
}

/* even[i] and odd[i] as bf16, side by side. */
static inline __m512i join_bf16(__m512 even, __m512 odd) {
    static const uint32_t halves[16] = {0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005, 0x160006, 0x170007,
                                        0x180008, 0x190009, 0x1a000a, 0x1b000b, 0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(halves), (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}
