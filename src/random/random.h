/* Standard normals exactly as NumPy and PyTorch draw them from a seed. */
#ifndef I2V_RANDOM_RANDOM_H
#define I2V_RANDOM_RANDOM_H

#include "base/error.h"

typedef struct i2v_random i2v_random;

/* A generator in the state that follows seeding; to be freed with i2v_random_free. */
i2v_status i2v_random_new(i2v_random **random, i2v_rng kind, uint64_t seed, i2v_error *error);
void i2v_random_free(i2v_random *random);

/* One draw of count standard normals. How a sequence is cut into draws matters: torch's blocks of 16 begin anew with
 * each draw (`randn` of a shape is one draw). */
void i2v_random_normal(i2v_random *random, float *values, size_t count);

#endif
