/* NumPy's default normals: SeedSequence, PCG64 (XSL-RR 128/64), and the ziggurat of Generator.standard_normal.
 *
 * Sources: O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms" (2014); Marsaglia and
 * Tsang, "The Ziggurat Method for Generating Random Variables" (2000); NumPy, numpy/random/bit_generator.pyx,
 * src/pcg64 and src/distributions. Values are drawn in float64 and cast, so they equal NumPy's bit for bit. */
#include "random/generators.h"
#include "random/ziggurat.h"

#include <math.h>

/* ---- SeedSequence: 128 bits of entropy in, the generator's state and increment out ------------------------------- */

enum { POOL_WORDS = 4, STATE_WORDS = 8 };

static uint32_t hash(uint32_t value, uint32_t *constant, uint32_t multiplier) {
    value ^= *constant;
    *constant *= multiplier;
    value *= *constant;
    return value ^ value >> 16;
}

static uint32_t mix(uint32_t x, uint32_t y) {
    uint32_t mixed = 0xca01f9ddu * x - 0x4973f715u * y;
    return mixed ^ mixed >> 16;
}

static void spread_seed(uint64_t seed, uint32_t state[STATE_WORDS]) {
    /* NumPy cuts the seed into as many words as it needs and hashes 0 for the missing ones. */
    uint32_t pool[POOL_WORDS] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t constant = 0x43b0d7e5u;
    for (int i = 0; i < POOL_WORDS; i++) pool[i] = hash(pool[i], &constant, 0x931e8875u);
    for (int source = 0; source < POOL_WORDS; source++) {
        for (int target = 0; target < POOL_WORDS; target++) {
            if (source == target) continue;
            pool[target] = mix(pool[target], hash(pool[source], &constant, 0x931e8875u));
        }
    }
    constant = 0x8b51f9ddu;
    for (int i = 0; i < STATE_WORDS; i++) state[i] = hash(pool[i % POOL_WORDS], &constant, 0x58f38dedu);
}

/* ---- PCG64 ------------------------------------------------------------------------------------------------------- */

static uint64_t multiply_high(uint64_t x, uint64_t y) {
    uint64_t x0 = (uint32_t)x, x1 = x >> 32, y0 = (uint32_t)y, y1 = y >> 32;
    uint64_t middle = x1 * y0 + (x0 * y0 >> 32);
    uint64_t carry = x0 * y1 + (uint32_t)middle;
    return x1 * y1 + (middle >> 32) + (carry >> 32);
}

/* state = state * multiplier + increment (mod 2^128), in two halves: not every CPU's compiler has 128-bit integers. */
static void step(i2v_numpy_generator *generator) {
    const uint64_t multiplier_high = 0x2360ed051fc65da4u, multiplier_low = 0x4385df649fccf645u;
    uint64_t high = generator->state_high, low = generator->state_low;
    uint64_t product_high = multiply_high(low, multiplier_low) + high * multiplier_low + low * multiplier_high;
    uint64_t product_low = low * multiplier_low;
    generator->state_low = product_low + generator->increment_low;
    generator->state_high = product_high + generator->increment_high + (generator->state_low < product_low);
}

static uint64_t next_word(i2v_numpy_generator *generator) {
    step(generator);
    uint64_t folded = generator->state_high ^ generator->state_low;
    unsigned rotation = (unsigned)(generator->state_high >> 58);
    return folded >> rotation | folded << (-rotation & 63);
}

/* Uniform in [0, 1), 53 bits. */
static double next_uniform(i2v_numpy_generator *generator) {
    return (double)(next_word(generator) >> 11) * 0x1p-53;
}

void i2v_numpy_seed(i2v_numpy_generator *generator, uint64_t seed) {
    uint32_t words[STATE_WORDS];
    uint64_t halves[STATE_WORDS / 2]; /* initial state high, low, stream high, low */
    spread_seed(seed, words);
    for (int i = 0; i < STATE_WORDS / 2; i++) halves[i] = words[2 * i] | (uint64_t)words[2 * i + 1] << 32;

    *generator = (i2v_numpy_generator){
        .increment_high = halves[2] << 1 | halves[3] >> 63,
        .increment_low = halves[3] << 1 | 1,
    };
    step(generator);
    generator->state_low += halves[1];
    generator->state_high += halves[0] + (generator->state_low < halves[1]);
    step(generator);
}

/* ---- ziggurat ---------------------------------------------------------------------------------------------------- */

/* Marsaglia's method for |x| beyond the bottom layer's edge. */
static double tail(i2v_numpy_generator *generator, int negative) {
    double x, y;
    do {
        x = -I2V_ZIGGURAT_INVERSE_EDGE * log1p(-next_uniform(generator));
        y = -log1p(-next_uniform(generator));
    } while (y + y <= x * x);
    x += I2V_ZIGGURAT_EDGE;
    return negative ? -x : x;
}

static double next_normal(i2v_numpy_generator *generator) {
    for (;;) {
        /* 8 bits choose the layer, one the sign, 52 the place in the layer. */
        uint64_t word = next_word(generator);
        int layer = (int)(word & 0xff);
        uint64_t place = word >> 9 & 0xfffffffffffffu;
        double x = (double)place * i2v_ziggurat_width[layer];
        if (word & 0x100) x = -x;
        if (place < i2v_ziggurat_inside[layer]) return x;
        /* In the tail NumPy takes the sign from a bit of the place. */
        if (layer == 0) return tail(generator, (int)(place >> 8 & 1));
        double top = i2v_ziggurat_density[layer - 1], bottom = i2v_ziggurat_density[layer];
        if ((top - bottom) * next_uniform(generator) + bottom < exp(-0.5 * x * x)) return x;
    }
}

void i2v_numpy_normal(i2v_numpy_generator *generator, float *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = (float)next_normal(generator);
}
