/* The two generators behind random.h: their states, how each is seeded, and one draw of standard normals. */
#ifndef I2V_RANDOM_GENERATORS_H
#define I2V_RANDOM_GENERATORS_H

#include <stddef.h>
#include <stdint.h>

/* PCG64: a 128-bit linear congruential generator. */
typedef struct i2v_numpy_generator {
    uint64_t state_high, state_low;
    uint64_t increment_high, increment_low; /* odd */
} i2v_numpy_generator;

/* numpy.random.Generator(numpy.random.PCG64(seed)). */
void i2v_numpy_seed(i2v_numpy_generator *generator, uint64_t seed);
void i2v_numpy_normal(i2v_numpy_generator *generator, float *values, size_t count);

#define I2V_MT19937_WORDS 624

typedef struct i2v_torch_generator {
    uint32_t words[I2V_MT19937_WORDS];
    int next; /* index of the next word; I2V_MT19937_WORDS: all are used up */
    int has_normal;
    double normal; /* second value of the last pair drawn one by one, if has_normal */
} i2v_torch_generator;

/* torch.Generator().manual_seed(seed) on the CPU. */
void i2v_torch_seed(i2v_torch_generator *generator, uint64_t seed);
void i2v_torch_normal(i2v_torch_generator *generator, float *values, size_t count);

#endif
