/* Kernels for x86-64 with AVX2, FMA and F16C. */
#if defined(__x86_64__)
#include <immintrin.h>

#define KERNELS i2v_kernels_avx2
#define KERNELS_NAME "AVX2"
#define INT8_KERNELS i2v_int8_avx2
#define BETTER_KERNELS i2v_kernels_avx_vnni
#define BETTER_NAME "AVX2 with VNNI"
#define BETTER_INT8_KERNELS i2v_int8_avx_vnni
#define VECTOR_WIDTH 8
#define STEP_ROWS 6
#define vec_max(x, y) ((vec)_mm256_max_ps((__m256)(x), (__m256)(y)))
#define vec_min(x, y) ((vec)_mm256_min_ps((__m256)(x), (__m256)(y)))
#define load_f16(x) ((vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(x))))

#include "backend/cpu/kernels_table.inc.h"
#endif
