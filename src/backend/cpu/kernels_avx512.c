/* Kernels for x86-64 with AVX-512 (F, BW, DQ, VL). */
#if defined(__x86_64__)
#define KERNELS i2v_kernels_avx512
#define KERNELS_NAME "AVX-512"
#define INT8_KERNELS i2v_int8_avx512
#define BETTER_KERNELS i2v_kernels_avx512_vnni
#define BETTER_NAME "AVX-512 VNNI"
#define BETTER_INT8_KERNELS i2v_int8_avx512_vnni
#include "backend/cpu/kernels_avx512.inc.h"

#include "backend/cpu/kernels_table.inc.h"
#endif
