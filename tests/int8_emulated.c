/* Kernels of int8 as those by SDOT are, int8 by int8, with the instruction as its manual reads. */
#include <stdint.h>

#define KERNELS i2v_int8_emulated
#define KERNELS_NAME "emulated SDOT"
#define VECTOR_WIDTH 4 /* of the baseline, whose other kernels go with it */
#define STEP_ROWS 12
#define GROUP 4
#define add_dots(sums, row, weights) add_bytes(sums, row, weights)

typedef int32_t emulated_ints __attribute__((vector_size(16)));

static inline emulated_ints add_bytes(emulated_ints sums, emulated_ints row, emulated_ints weights) {
    typedef int8_t bytes __attribute__((vector_size(16)));
    bytes a = (bytes)row, b = (bytes)weights;
    for (int i = 0; i < 16; i++) sums[i / 4] += a[i] * b[i];
    return sums;
}

#include "backend/cpu/kernels_int8.inc.h"
