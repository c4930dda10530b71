/* Kernels for x86-64 with AVX-512 (F, BW, DQ, VL) and AVX512_BF16. */
#if defined(__x86_64__)
#define KERNELS i2v_kernels_avx512_bf16
#define KERNELS_NAME "AVX-512 BF16"
#define INT8_KERNELS i2v_int8_avx512_vnni
#include "backend/cpu/kernels_avx512_bf16.inc.h"

#include "backend/cpu/kernels_table.inc.h"
#endif
