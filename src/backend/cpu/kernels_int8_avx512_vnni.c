/* Products of int8 for x86-64 with AVX-512 and AVX512_VNNI: of int16. VPDPWSSD saturates nothing. */
#if defined(__x86_64__)
#include <immintrin.h>

#define KERNELS i2v_int8_avx512_vnni
#define KERNELS_NAME "AVX512_VNNI"
#define VECTOR_WIDTH 16
#define STEP_ROWS 12
#define GROUP 2
#define add_dots(sums, row, weights) ((int_vec)_mm512_dpwssd_epi32((__m512i)(sums), (__m512i)(row), (__m512i)(weights)))
#define load_pairs(x) _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(x)))

#include "backend/cpu/kernels_int8.inc.h"
#endif
