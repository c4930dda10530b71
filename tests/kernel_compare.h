/* The CPU backend's operations against the plain backend's. */
#ifndef I2V_TESTS_KERNEL_COMPARE_H
#define I2V_TESTS_KERNEL_COMPARE_H

#include "kernel_operands.h"

/* Value i of so many of the element; f32, f16 or bf16. */
float value_of(i2v_element element, const void *values, int64_t i);

/* An operation, and what it writes: `count` values at `out`, which it may read, too. */
typedef struct operation {
    runner run;
    const void *args;
    i2v_element element;
    void *out;
    int64_t count;
} operation;

/* What the difference may be, as a share of the largest expected value. */
typedef struct tolerances {
    double f32;  /* of variants that multiply f32 */
    double bf16; /* of those that multiply bf16, where what a norm makes of activations is rounded before, too */
} tolerances;

/* Backends by their index, NULL after the last: i2v_backend_cpu_variant, or a test's own. */
typedef const i2v_backend *(*variant_list)(int index);

/* Runs the operation on the plain backend and on each variant with several numbers of threads: values must be close to
 * plain ones, and the same bits for every number of threads. */
void compare_variants(const operation *op, variant_list variants, tolerances within);

#endif
