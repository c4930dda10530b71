/* Products of int8 for AArch64 with dot products of bytes (FEAT_DotProd): SDOT multiplies int8 by int8,
 * the upper and the lower bytes of a row in turn. */
#if defined(__aarch64__)
#include <arm_neon.h>

#define KERNELS i2v_int8_neon_dot
#define KERNELS_NAME "NEON dot"
#define VECTOR_WIDTH 4
#define STEP_ROWS 12
#define GROUP 4
#define add_dots(sums, row, weights) ((int_vec)vdotq_s32((int32x4_t)(sums), (int8x16_t)(row), (int8x16_t)(weights)))

#include "backend/cpu/kernels_int8.inc.h"
#endif
