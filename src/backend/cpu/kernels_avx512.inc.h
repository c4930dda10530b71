/* The instructions of AVX-512 that kernels name. */
#include <immintrin.h>
#include <stdint.h>

#define VECTOR_WIDTH 16
#define STEP_ROWS 12
#define vec_max(x, y) ((vec)_mm512_max_ps((__m512)(x), (__m512)(y)))
#define vec_min(x, y) ((vec)_mm512_min_ps((__m512)(x), (__m512)(y)))
#define round_to_whole(x) ((vec)_mm512_roundscale_ps((__m512)(x), _MM_FROUND_TO_NEAREST_INT))
#define scale_by_power(x, n) ((vec)_mm512_scalef_ps((__m512)(x), (__m512)(n)))
#define load_f16(x) ((vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(x))))
#define vec_divide(x, y) ((vec)divide((__m512)(x), (__m512)(y)))

/* x / y for y from 1 on, by the reciprocal that one step of Newton's makes of one of 14 bits: relative error 2e-7. */
static inline __m512 divide(__m512 x, __m512 y) {
    __m512 near = _mm512_rcp14_ps(y);
    return _mm512_mul_ps(x, _mm512_mul_ps(near, _mm512_fnmadd_ps(near, y, _mm512_set1_ps(2))));
}
