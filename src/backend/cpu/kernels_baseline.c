/* Kernels for every CPU of the architecture: vectors of 4 floats (SSE2). */
#if !defined(__aarch64__)
#define KERNELS i2v_kernels_baseline
#define KERNELS_NAME I2V_BASELINE_NAME
#define INT8_KERNELS i2v_int8_baseline
#define VECTOR_WIDTH 4
#define STEP_ROWS 6

#include "backend/cpu/kernels_table.inc.h"
#endif
