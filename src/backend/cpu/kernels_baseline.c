/* Kernels for every CPU of the architecture: vectors of 4 floats (SSE2, NEON). */
#define KERNELS i2v_kernels_baseline
#define KERNELS_NAME "baseline"
#define VECTOR_WIDTH 4
#define ROW_TILE 6

#include "backend/cpu/kernels_table.inc.h"
