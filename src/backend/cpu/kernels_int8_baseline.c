/* Products of int8 for every CPU of the architecture: of int16, on x86-64 by SSE2. */
#if !defined(__aarch64__)
#define VECTOR_WIDTH 4
#define STEP_ROWS 6
#define GROUP 2
#define KERNELS i2v_int8_baseline
#define KERNELS_NAME "baseline"
#if defined(__x86_64__)
#include <emmintrin.h>

#define add_dots(sums, row, weights) ((sums) + (int_vec)_mm_madd_epi16((__m128i)(row), (__m128i)(weights)))
#else
/* Of each 4 bytes, the int16 of the lower two and of the upper two. */
#define add_dots(sums, row, weights)                                                                                   \
    ((sums) + ((row) << 16 >> 16) * ((weights) << 16 >> 16) + ((row) >> 16) * ((weights) >> 16))
#endif

#include "backend/cpu/kernels_int8.inc.h"
#endif
