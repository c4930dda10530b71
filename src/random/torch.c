/* PyTorch's float32 randn on the CPU: mt19937 and Box-Muller, by blocks of 16 or, in small draws, pair by pair.
 *
 * Sources: Matsumoto and Nishimura, "Mersenne Twister" (1998); PyTorch, aten/src/ATen/native/cpu/
 * DistributionTemplates.h and aten/src/ATen/core/DistributionsHelper.h. PyTorch on x86 with AVX2 takes log, sin and cos
 * from polynomials; here they are computed in double and rounded, so that every C library gives the same floats, within
 * 1e-6 of those. (PyTorch elsewhere rounds the angle differently and is up to 2.5e-6 away from both.) */
#include "random/generators.h"

#include <math.h>

enum { WORDS = I2V_MT19937_WORDS, MIDDLE = 397, BLOCK = 16, PAIRS = BLOCK / 2 };

static const double TWO_PI = 6.283185307179586476925;

/* ---- mt19937 ----------------------------------------------------------------------------------------------------- */

void i2v_torch_seed(i2v_torch_generator *generator, uint64_t seed) {
    uint32_t *words = generator->words;
    words[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < WORDS; i++) words[i] = 1812433253u * (words[i - 1] ^ words[i - 1] >> 30) + i;
    generator->next = WORDS;
    generator->has_normal = 0;
    generator->normal = 0;
}

static void renew_words(uint32_t words[WORDS]) {
    for (int i = 0; i < WORDS; i++) {
        uint32_t mixed = (words[i] & 0x80000000u) | (words[(i + 1) % WORDS] & 0x7fffffffu);
        words[i] = words[(i + MIDDLE) % WORDS] ^ mixed >> 1 ^ (mixed & 1 ? 0x9908b0dfu : 0);
    }
}

static uint32_t next_word(i2v_torch_generator *generator) {
    if (generator->next == WORDS) {
        renew_words(generator->words);
        generator->next = 0;
    }
    uint32_t word = generator->words[generator->next++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
}

/* Uniform in [0, 1), 24 bits. */
static float next_uniform(i2v_torch_generator *generator) {
    return (float)(next_word(generator) & 0xffffff) * 0x1p-24f;
}

/* Uniform in [0, 1), 53 bits. */
static double next_uniform_double(i2v_torch_generator *generator) {
    uint64_t high = next_word(generator);
    uint64_t word = high << 32 | next_word(generator);
    return (double)(word & 0x1fffffffffffffu) * 0x1p-53;
}

/* ---- normals ----------------------------------------------------------------------------------------------------- */

/* One value; the other of its pair waits in the generator, across draws. */
static double next_normal(i2v_torch_generator *generator) {
    if (generator->has_normal) {
        generator->has_normal = 0;
        return generator->normal;
    }
    double u1 = next_uniform_double(generator);
    double u2 = next_uniform_double(generator);
    double radius = sqrt(-2 * log1p(-u2)), angle = TWO_PI * u1;
    generator->normal = radius * sin(angle);
    generator->has_normal = 1;
    return radius * cos(angle);
}

/* Box-Muller in place: 8 radii, then 8 angles. Roundings to float are where PyTorch has them. */
static void block_normals(float block[BLOCK]) {
    for (int i = 0; i < PAIRS; i++) {
        float u1 = 1 - block[i]; /* [0, 1) to (0, 1], for the logarithm */
        float logarithm = (float)log((double)u1);
        float radius = sqrtf(-2 * logarithm);
        float angle = (float)TWO_PI * block[PAIRS + i];
        block[i] = radius * (float)cos((double)angle);
        block[PAIRS + i] = radius * (float)sin((double)angle);
    }
}

void i2v_torch_normal(i2v_torch_generator *generator, float *values, size_t count) {
    if (count < BLOCK) {
        for (size_t i = 0; i < count; i++) values[i] = (float)next_normal(generator);
        return;
    }
    /* All uniforms come first: those past the last whole block are drawn although they are drawn again below. */
    for (size_t i = 0; i < count; i++) values[i] = next_uniform(generator);
    for (size_t i = 0; i + BLOCK <= count; i += BLOCK) block_normals(values + i);
    if (count % BLOCK == 0) return;
    /* The last 16 values are drawn anew, over some that were finished. */
    float *last = values + count - BLOCK;
    for (int i = 0; i < BLOCK; i++) last[i] = next_uniform(generator);
    block_normals(last);
}
