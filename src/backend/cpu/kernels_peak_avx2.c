/* Multiply-adds in registers, for x86-64 with AVX2 and FMA; dot products of bytes also with AVX-VNNI. */
#if defined(__x86_64__)
#include "backend/cpu/peaks.h"

#include <immintrin.h>

#define LOOP i2v_peak_f32_avx2
#define SUMS 12
#define WIDTH 8
#define LANE float
#define VALUE float
#define ONES(one) (float)(one)
#define STEP(sum, x) ((sum) * (x) + (x))
#include "backend/cpu/kernels_peak.inc.h"

/* sum + x . x by three instructions. To the compiler x changes each time, lest it multiply once for all. */
#define ADD_DOT(sum_, x)                                                                                               \
    ({                                                                                                                 \
        __asm__ volatile("" : "+x"(x));                                                                                \
        __m256i pairs = _mm256_madd_epi16(_mm256_maddubs_epi16(x, x), _mm256_set1_epi16(1));                           \
        (sum) _mm256_add_epi32((__m256i)(sum_), pairs);                                                                \
    })

#define LOOP i2v_peak_int8_avx2
#define SUMS 8
#define WIDTH 8
#define LANE int32_t
#define VALUE __m256i
#define ONES(one) _mm256_set1_epi8((char)(one))
#define STEP ADD_DOT
#include "backend/cpu/kernels_peak.inc.h"

#define LOOP __attribute__((target("avxvnni"))) i2v_peak_int8_avx_vnni
#define SUMS 12
#define WIDTH 8
#define LANE int32_t
#define VALUE __m256i
#define ONES(one) _mm256_set1_epi8((char)(one))
#define STEP(sum_, x) (sum) _mm256_dpbusd_avx_epi32((__m256i)(sum_), x, x)
#include "backend/cpu/kernels_peak.inc.h"
#endif
