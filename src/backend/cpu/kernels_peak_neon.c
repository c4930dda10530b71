/* Multiply-adds in registers, for AArch64. */
#if defined(__aarch64__)
#include "backend/cpu/peaks.h"

typedef float vec __attribute__((vector_size(16)));

/* sum + x * x, since fmla adds to its own register: sum * x + x would be copied to and fro. To the compiler x changes
 * each time, lest it multiply once for all. */
#define ADD_SQUARE(sum, x)                                                                                             \
    ({                                                                                                                 \
        __asm__ volatile("" : "+w"(x));                                                                                \
        (sum) + (x) * (x);                                                                                             \
    })

#define LOOP i2v_peak_f32_baseline
#define SUMS 16
#define WIDTH 4
#define LANE float
#define VALUE vec
#define ONES(one) ((float)(one) - (vec){0})
#define STEP ADD_SQUARE
#include "backend/cpu/kernels_peak.inc.h"
#endif
