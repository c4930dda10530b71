/* Products of int8 for x86-64 with AVX2 and AVX-VNNI: of int16. VPDPWSSD saturates nothing. */
#if defined(__x86_64__)
#include <immintrin.h>

#define KERNELS i2v_int8_avx_vnni
#define KERNELS_NAME "AVX-VNNI"
#define VECTOR_WIDTH 8
#define STEP_ROWS 6
#define GROUP 2
#define add_dots(sums, row, weights)                                                                                   \
    ((int_vec)_mm256_dpwssd_avx_epi32((__m256i)(sums), (__m256i)(row), (__m256i)(weights)))
#define load_pairs(x) _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(x)))

#include "backend/cpu/kernels_int8.inc.h"
#endif
