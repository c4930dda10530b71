/* Kernels for x86-64 with AVX-512 (F, BW, DQ, VL), AVX512_BF16 and AMX (TILE, BF16). */
#if defined(__x86_64__)
#define KERNELS i2v_kernels_amx
#define KERNELS_NAME "AMX"
#define INT8_KERNELS i2v_int8_avx512_vnni
#define PAIRS_BY_TILES
#include "backend/cpu/kernels_avx512_bf16.inc.h"

#include "backend/cpu/kernels_table.inc.h"
#endif
