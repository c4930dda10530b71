/* Multiply-adds in registers, for every CPU of the architecture. */
#if !defined(__aarch64__)
#include "backend/cpu/peaks.h"

#define LOOP i2v_peak_f32_baseline
#define SUMS 12
#define WIDTH 4
#define LANE float
#define VALUE float
#define ONES(one) (float)(one)
#define STEP(sum, x) ((sum) * (x) + (x))
#include "backend/cpu/kernels_peak.inc.h"
#endif
