/* Kernels for AArch64, every CPU of which has NEON: they stand for the baseline there. vec_max and vec_min stay as the
 * text has them, a comparison and a selection: NEON's own make a number or NaN of unordered values, not the second. */
#if defined(__aarch64__)
#include <arm_neon.h>

#define KERNELS i2v_kernels_baseline
#define KERNELS_NAME I2V_BASELINE_NAME
#define INT8_KERNELS i2v_int8_baseline
#define BETTER_KERNELS i2v_kernels_neon_dot
#define BETTER_NAME "NEON with dot products"
#define BETTER_INT8_KERNELS i2v_int8_neon_dot
#define VECTOR_WIDTH 4
#define STEP_ROWS 12 /* 24 sums, 2 vectors of the panel and a few values of rows in 32 registers */
#define load_f16(x) ((vec)vcvt_f32_f16((float16x4_t) * (const loose_half_vec *)(x)))

#include "backend/cpu/kernels_table.inc.h"
#endif
