/* Products of int8 for AArch64, every CPU of which has NEON: of int16. */
#if defined(__aarch64__)
#include <arm_neon.h>

#define KERNELS i2v_int8_baseline
#define KERNELS_NAME "NEON"
#define VECTOR_WIDTH 4
#define STEP_ROWS 6
#define GROUP 2
#define add_dots(sums, row, weights) ((sums) + (int_vec)dots((int16x8_t)(row), (int16x8_t)(weights)))

static inline int32x4_t dots(int16x8_t x, int16x8_t y) {
    return vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}

#include "backend/cpu/kernels_int8.inc.h"
#endif
