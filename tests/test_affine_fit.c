/* Least squares: maps that are known are found, and what cannot be known gives no wild map. */
#include "base/affine_fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

enum { MOST_INPUTS = 16, OUTPUTS = 3 };

/* -1..1, with no pattern that matters. */
static float noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1;
}

static void apply(const float *map, int inputs, const float *in, float *out) {
    for (int k = 0; k < OUTPUTS; k++) {
        const float *row = map + k * (inputs + 1);
        out[k] = row[inputs];
        for (int i = 0; i < inputs; i++) out[k] += row[i] * in[i];
    }
}

/* Values whose mean is far from 0, where a fit that forgot the constant would fail. */
static void finds_a_known_map(void **state) {
    (void)state;
    for (int inputs = 1; inputs <= MOST_INPUTS; inputs += 5) {
        uint32_t seed = (uint32_t)inputs;
        float map[OUTPUTS * (MOST_INPUTS + 1)], found[OUTPUTS * (MOST_INPUTS + 1)], in[MOST_INPUTS], out[OUTPUTS];
        for (int i = 0; i < OUTPUTS * (inputs + 1); i++) map[i] = noise(&seed);
        i2v_affine_fit fit;
        assert_true(i2v_affine_fit_begin(&fit, inputs, OUTPUTS));
        for (int n = 0; n < 200; n++) {
            for (int i = 0; i < inputs; i++) in[i] = 5 + noise(&seed);
            apply(map, inputs, in, out);
            i2v_affine_fit_add(&fit, in, out);
        }
        i2v_affine_fit_solve(&fit, 1e-9, found);
        i2v_affine_fit_end(&fit);
        for (int i = 0; i < OUTPUTS * (inputs + 1); i++) assert_true(fabsf(found[i] - map[i]) < 1e-4f * 50);
        for (int i = 0; i < inputs; i++) in[i] = 5 + noise(&seed);
        float wanted[OUTPUTS];
        apply(map, inputs, in, wanted);
        apply(found, inputs, in, out);
        for (int k = 0; k < OUTPUTS; k++) assert_true(fabsf(out[k] - wanted[k]) < 1e-4f);
    }
}

/* Of noisy values the fit has the least squared error: any other map near it has more. */
static void nothing_near_is_better(void **state) {
    (void)state;
    enum { COUNT = 60, INPUTS = 4 };
    static float in[COUNT][INPUTS], out[COUNT][OUTPUTS];
    float map[OUTPUTS * (INPUTS + 1)];
    uint32_t seed = 9;
    i2v_affine_fit fit;
    assert_true(i2v_affine_fit_begin(&fit, INPUTS, OUTPUTS));
    for (int n = 0; n < COUNT; n++) {
        for (int i = 0; i < INPUTS; i++) in[n][i] = noise(&seed);
        for (int k = 0; k < OUTPUTS; k++) out[n][k] = in[n][k] * in[n][3] + noise(&seed);
        i2v_affine_fit_add(&fit, in[n], out[n]);
    }
    i2v_affine_fit_solve(&fit, 1e-9, map);
    i2v_affine_fit_end(&fit);
    double errors[3];
    for (int i = 0; i < OUTPUTS * (INPUTS + 1); i++) {
        for (int change = 0; change < 3; change++) {
            float kept = map[i], made[OUTPUTS];
            map[i] += 0.02f * (float)(change - 1);
            errors[change] = 0;
            for (int n = 0; n < COUNT; n++) {
                apply(map, INPUTS, in[n], made);
                for (int k = 0; k < OUTPUTS; k++) errors[change] += pow((double)(made[k] - out[n][k]), 2);
            }
            map[i] = kept;
        }
        assert_true(errors[1] < errors[0] && errors[1] < errors[2]);
    }
}

/* Inputs that are alike share the weight; those that never vary have none. */
static void what_cannot_be_known_stays_small(void **state) {
    (void)state;
    enum { INPUTS = 4 };
    float map[OUTPUTS * (INPUTS + 1)];
    uint32_t seed = 3;
    i2v_affine_fit fit;
    assert_true(i2v_affine_fit_begin(&fit, INPUTS, OUTPUTS));
    for (int n = 0; n < 100; n++) {
        float value = noise(&seed);
        i2v_affine_fit_add(&fit, (float[INPUTS]){value, value, 1000, 0}, (float[OUTPUTS]){2 * value + 1, -value, 7});
    }
    i2v_affine_fit_solve(&fit, 1e-4, map);
    i2v_affine_fit_end(&fit);
    static const float wanted[OUTPUTS * (INPUTS + 1)] = {1, 1, 0, 0, 1, -0.5f, -0.5f, 0, 0, 0, 0, 0, 0, 0, 7};
    for (int i = 0; i < OUTPUTS * (INPUTS + 1); i++) assert_true(fabsf(map[i] - wanted[i]) < 1e-3f);
}

static void one_sample_and_none(void **state) {
    (void)state;
    float map[OUTPUTS * 3];
    i2v_affine_fit fit;
    assert_true(i2v_affine_fit_begin(&fit, 2, OUTPUTS));
    i2v_affine_fit_solve(&fit, 1e-4, map);
    for (int i = 0; i < OUTPUTS * 3; i++) assert_true(map[i] == 0);
    i2v_affine_fit_end(&fit);
    assert_true(i2v_affine_fit_begin(&fit, 2, OUTPUTS));
    for (int n = 0; n < 3; n++) i2v_affine_fit_add(&fit, (float[]){0.3f, -9}, (float[]){0.1f, 0.5f, 1});
    i2v_affine_fit_solve(&fit, 1e-4, map);
    for (int k = 0; k < OUTPUTS; k++) {
        float made = map[3 * k] * 0.3f + map[3 * k + 1] * -9 + map[3 * k + 2], far = map[3 * k] * 9;
        assert_true(fabsf(made - (float[]){0.1f, 0.5f, 1}[k]) < 1e-5f && fabsf(far) < 10);
    }
    i2v_affine_fit_end(&fit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_known_map),
        cmocka_unit_test(nothing_near_is_better),
        cmocka_unit_test(what_cannot_be_known_stays_small),
        cmocka_unit_test(one_sample_and_none),
    };
    return cmocka_run_group_tests_name("affine_fit", tests, NULL, NULL);
}
