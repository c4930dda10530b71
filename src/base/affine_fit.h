/* Least squares: the affine map that best makes some values of others. */
#ifndef I2V_BASE_AFFINE_FIT_H
#define I2V_BASE_AFFINE_FIT_H

#include <stddef.h>

/* Sums over samples. */
typedef struct i2v_affine_fit {
    int inputs, outputs;
    double count;
    double *sums; /* of inputs and outputs, and of their products; one block, which i2v_affine_fit_end frees */
} i2v_affine_fit;

/* Fails (returns 0) without memory. To be ended in any case. */
int i2v_affine_fit_begin(i2v_affine_fit *fit, int inputs, int outputs);
void i2v_affine_fit_end(i2v_affine_fit *fit);

/* What a fit holds, in bytes. */
size_t i2v_affine_fit_bytes(int inputs, int outputs);

/* One sample: in [inputs] goes with out [outputs]. */
void i2v_affine_fit_add(i2v_affine_fit *fit, const float *in, const float *out);

/* The map, [outputs][inputs + 1]: weights of the inputs, then the constant. Of all maps it has the least sum of squared
 * errors plus ridge times the inputs' mean variance times the count times the sum of squared weights, so that inputs
 * that hardly vary, or vary alike, get small weights. ridge > 0. Where no input varies, and without samples, weights
 * are 0. Uses up the sums. */
void i2v_affine_fit_solve(i2v_affine_fit *fit, double ridge, float *map);

#endif
