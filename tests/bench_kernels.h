/* How fast the operations are by themselves, as shares of the measured peak. */
#ifndef I2V_TESTS_BENCH_KERNELS_H
#define I2V_TESTS_BENCH_KERNELS_H

/* element: "f32" or "bf16", of the activations. variant: an instruction set of this machine's, from 0; -1: the one that
 * it would use. name: only operations with this in theirs. Returns the exit status. */
int bench_kernels(int threads, const char *element, int variant, const char *name);

#endif
