/* Products of int8 for x86-64 with AVX2 and AVX-VNNI. VPDPBUSD multiplies uint8 by int8 and saturates nothing. */
#if defined(__x86_64__)
#include <immintrin.h>

#define KERNELS i2v_int8_avx_vnni
#define KERNELS_NAME "AVX-VNNI"
#define VECTOR_WIDTH 8
#define STEP_ROWS 6
#define GROUP 4
#define OFFSET 128
#define add_dots(sums, row, weights)                                                                                   \
    ((int_vec)_mm256_dpbusd_avx_epi32((__m256i)(sums), (__m256i)(row), (__m256i)(weights)))

#include "backend/cpu/kernels_int8.inc.h"
#endif
