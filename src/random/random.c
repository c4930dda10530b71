/* The choice between the generators. */
#include "random/random.h"

#include "random/generators.h"

#include <stdlib.h>

struct i2v_random {
    i2v_rng kind;
    union {
        i2v_numpy_generator numpy;
        i2v_torch_generator torch;
    } generator;
};

i2v_status i2v_random_new(i2v_random **random, i2v_rng kind, uint64_t seed, i2v_error *error) {
    *random = NULL;
    if (kind != I2V_RNG_NUMPY && kind != I2V_RNG_TORCH) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "rng is %d, which is no generator: use I2V_RNG_NUMPY or I2V_RNG_TORCH", (int)kind);
    }
    i2v_random *made = calloc(1, sizeof *made);
    if (!made) return i2v_fail_memory(error, "the random generator", sizeof *made);

    made->kind = kind;
    if (kind == I2V_RNG_NUMPY) {
        i2v_numpy_seed(&made->generator.numpy, seed);
    } else {
        i2v_torch_seed(&made->generator.torch, seed);
    }
    *random = made;
    return I2V_OK;
}

void i2v_random_free(i2v_random *random) {
    free(random);
}

void i2v_random_normal(i2v_random *random, float *values, size_t count) {
    if (random->kind == I2V_RNG_NUMPY) {
        i2v_numpy_normal(&random->generator.numpy, values, count);
    } else {
        i2v_torch_normal(&random->generator.torch, values, count);
    }
}
