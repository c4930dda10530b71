/* i2v_json_load where every allocation of the parser fails once, and all from one on. */
#include "json/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "{\"_class_name\": \"UNetSpatioTemporalConditionModel\", \"a tensor of a rather long name\": "
    "[1, 2.5, {\"data_offsets\": [123456789012, 123456789012345]}], \"last\": null}";

static long calls, fails;
static int lasts;

static void *take(size_t size) {
    calls++;
    return calls == fails || (lasts && calls > fails) ? NULL : malloc(size);
}

/* Fails the n-th allocation (0: none): the tree, and problem. */
static json_t *load(const char *json, long n, int from_there, json_error_t *problem) {
    calls = 0;
    fails = n ? n : -1;
    lasts = from_there && n;
    json_t *root = i2v_json_load(json, strlen(json), 0, problem);
    fails = -1;
    lasts = 0;
    return root;
}

static long count(const char *json) {
    json_error_t problem;
    json_decref(load(json, 0, 0, &problem));
    return calls;
}

/* Whole, or NULL for lack of memory. */
static void loses_nothing(void **state) {
    json_error_t problem;
    json_t *whole = load(text, 0, 0, &problem);
    assert_non_null(whole);
    long all = count(text), refused = 0;
    assert_true(all > 20);
    for (long n = 1; n <= all; n++) {
        for (int from_there = 0; from_there < 2; from_there++) {
            json_t *root = load(text, n, from_there, &problem);
            if (root) {
                assert_true(json_equal(root, whole));
            } else {
                assert_int_equal(json_error_code(&problem), json_error_out_of_memory);
                refused++;
            }
            json_decref(root);
        }
    }
    assert_true(refused > all);
    json_decref(whole);
}

/* What is damaged is called so, and lack of memory takes precedence. */
static void tells_damage(void **state) {
    static const char damaged[] = "{\"a key that is long enough for a buffer to grow\": [1, 2,, 3]}";
    json_error_t problem;
    assert_null(load(damaged, 0, 0, &problem));
    assert_int_equal(json_error_code(&problem), json_error_invalid_syntax);
    assert_int_equal(problem.line, 1);
    long all = count(damaged);
    for (long n = 1; n <= all; n++) {
        assert_null(load(damaged, n, 0, &problem));
        int code = json_error_code(&problem);
        assert_true(code == json_error_invalid_syntax || code == json_error_out_of_memory);
    }
}

int main(void) {
    json_set_alloc_funcs(take, free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing),
        cmocka_unit_test(tells_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
