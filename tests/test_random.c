/* Standard normals against values that NumPy and PyTorch drew (tools/make_random_reference.py). */
#include "random/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/random/numpy_reference.h"

enum { TORCH_RECORDS = 55, TORCH_MAX_DRAWS = 16 };

/* The reference was drawn with AVX2, where PyTorch's log, sin and cos are polynomials. */
static const double TORCH_TOLERANCE = 1e-6;

static i2v_random *new_random(i2v_rng kind, uint64_t seed) {
    i2v_random *random = NULL;
    i2v_error error = {0};
    assert_int_equal(i2v_random_new(&random, kind, seed, &error), I2V_OK);
    assert_non_null(random);
    return random;
}

static float *new_values(size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    return values;
}

/* FNV-1a over the values' bytes, lowest byte first on every CPU. */
static uint64_t hash_values(const float *values, size_t count) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ (bits >> shift & 0xff)) * 0x100000001b3u;
    }
    return hash;
}

static void numpy_is_equal_bit_for_bit(void **state) {
    float *values = new_values(NUMPY_COUNT);
    size_t seeds = sizeof numpy_reference / sizeof *numpy_reference;
    assert_int_equal(seeds, 5);
    for (size_t s = 0; s < seeds; s++) {
        i2v_random *random = new_random(I2V_RNG_NUMPY, numpy_reference[s].seed);
        i2v_random_normal(random, values, NUMPY_COUNT);
        i2v_random_free(random);
        size_t shown = sizeof numpy_reference[s].first;
        assert_memory_equal(values, numpy_reference[s].first, shown);
        assert_memory_equal(values + NUMPY_COUNT - NUMPY_SHOWN, numpy_reference[s].last, shown);
        assert_true(hash_values(values, NUMPY_COUNT) == numpy_reference[s].hash);
    }
    free(values);
}

static void numpy_draws_continue_each_other(void **state) {
    const size_t pieces[] = {1, 0, 15, 16, 17, 1000, 3951};
    float whole[5000], parts[5000];
    i2v_random *random = new_random(I2V_RNG_NUMPY, 7);
    i2v_random_normal(random, whole, 5000);
    i2v_random_free(random);

    random = new_random(I2V_RNG_NUMPY, 7);
    size_t done = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        i2v_random_normal(random, parts + done, pieces[i]);
        done += pieces[i];
    }
    i2v_random_free(random);
    assert_int_equal(done, 5000);
    assert_memory_equal(whole, parts, sizeof whole);
}

static uint64_t read_integer(FILE *file, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        int byte = fgetc(file);
        assert_int_not_equal(byte, EOF);
        value |= (uint64_t)byte << 8 * i;
    }
    return value;
}

static void check_torch_draw(i2v_random *random, uint64_t seed, size_t draw, size_t count, FILE *file) {
    /* One value more, to see that none is written past the end. */
    float *values = new_values(count + 1);
    values[count] = 12345;
    i2v_random_normal(random, values, count);
    assert_true(values[count] == 12345);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)read_integer(file, 4);
        float expected;
        memcpy(&expected, &bits, sizeof expected);
        double difference = fabs((double)values[i] - (double)expected);
        if (difference <= TORCH_TOLERANCE) continue;
        fail_msg("seed %llu, draw %zu of %zu values, value %zu: %.9g instead of %.9g", (unsigned long long)seed, draw,
                 count, i, (double)values[i], (double)expected);
    }
    free(values);
}

/* Each record is a fresh generator and draws from it: of each size alone, and of sizes mixed. */
static void torch_is_equal_within_tolerance(void **state) {
    FILE *file = fopen(I2V_TEST_DATA "/random/torch_reference.bin", "rb");
    assert_non_null(file);
    for (int record = 0; record < TORCH_RECORDS; record++) {
        size_t counts[TORCH_MAX_DRAWS];
        uint64_t seed = read_integer(file, 8);
        size_t draws = (size_t)read_integer(file, 4);
        assert_in_range(draws, 1, TORCH_MAX_DRAWS);
        for (size_t i = 0; i < draws; i++) counts[i] = (size_t)read_integer(file, 4);
        i2v_random *random = new_random(I2V_RNG_TORCH, seed);
        for (size_t i = 0; i < draws; i++) check_torch_draw(random, seed, i, counts[i], file);
        i2v_random_free(random);
    }
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
}

static void torch_takes_the_low_32_bits_of_the_seed(void **state) {
    float low[40], high[40];
    i2v_random *a = new_random(I2V_RNG_TORCH, 42), *b = new_random(I2V_RNG_TORCH, 42 + (UINT64_C(1) << 32));
    i2v_random_normal(a, low, 40);
    i2v_random_normal(b, high, 40);
    assert_memory_equal(low, high, sizeof low);
    i2v_random_free(a);
    i2v_random_free(b);
}

/* The same seed twice and another one, drawn in turns, in sizes that use every part of the state. */
static void check_independent(i2v_rng kind) {
    const size_t counts[] = {3, 40, 5, 700};
    float alone[748], first[748], second[748], other[748];
    i2v_random *a = new_random(kind, 42);
    size_t done = 0;
    for (int i = 0; i < 4; done += counts[i++]) i2v_random_normal(a, alone + done, counts[i]);
    i2v_random_free(a);

    a = new_random(kind, 42);
    i2v_random *b = new_random(kind, 42), *c = new_random(kind, 43);
    done = 0;
    for (int i = 0; i < 4; done += counts[i++]) {
        i2v_random_normal(a, first + done, counts[i]);
        i2v_random_normal(c, other + done, counts[i]);
        i2v_random_normal(b, second + done, counts[i]);
    }
    assert_memory_equal(alone, first, sizeof alone);
    assert_memory_equal(alone, second, sizeof alone);
    for (int i = 0; i < 748; i++) assert_true(alone[i] != other[i]);
    i2v_random_free(a);
    i2v_random_free(b);
    i2v_random_free(c);
}

static void generators_are_independent(void **state) {
    check_independent(I2V_RNG_NUMPY);
    check_independent(I2V_RNG_TORCH);
}

static void unknown_generator_is_refused(void **state) {
    int mark;
    i2v_random *random = (i2v_random *)(void *)&mark;
    i2v_error error = {0};
    assert_int_equal(i2v_random_new(&random, (i2v_rng)7, 0, &error), I2V_ERROR_PARAMETER);
    assert_null(random);
    assert_int_equal(error.status, I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, "rng is 7"));
    assert_int_equal(i2v_random_new(&random, (i2v_rng)-1, 0, NULL), I2V_ERROR_PARAMETER);
    i2v_random_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numpy_is_equal_bit_for_bit),      cmocka_unit_test(numpy_draws_continue_each_other),
        cmocka_unit_test(torch_is_equal_within_tolerance), cmocka_unit_test(torch_takes_the_low_32_bits_of_the_seed),
        cmocka_unit_test(generators_are_independent),      cmocka_unit_test(unknown_generator_is_refused),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
