/* The binder: weights by name and shape, what is missing, and what is left over. */
#include "weight_files.h"

#include "weights/binder.h"

#include <string.h>

static const int64_t three[] = {3}, two_one_three[] = {2, 1, 3}, two[] = {2}, zero_seven[] = {0, 7}, one_two[] = {1, 2};

/* Binds what make_mixed holds but for the tensor of integers. */
static void bind_mixed(i2v_binder *binder) {
    assert_non_null(i2v_bind(binder, three, 1, "%c.%s", 'a', "full"));
    assert_non_null(i2v_bind(binder, two_one_three, 3, "b.half"));
    assert_non_null(i2v_bind(binder, two, 1, "c.brain"));
    assert_non_null(i2v_bind(binder, zero_seven, 2, "empty"));
    assert_non_null(i2v_bind(binder, NULL, 0, "scalar"));
}

static void binds_names_and_shapes(void **state) {
    (void)state;
    i2v_weights *weights = open_mixed();
    i2v_binder binder;
    i2v_error error = {0};
    assert_int_equal(i2v_binder_begin(&binder, weights, &error), I2V_OK);
    bind_mixed(&binder);
    assert_ptr_equal(i2v_bind(&binder, two, 1, "c.brain"), i2v_weights_find(weights, "c.brain"));
    assert_true(i2v_binder_has(&binder, "%s", "ids") && !i2v_binder_has(&binder, "id"));
    i2v_binder_ignore(&binder, "id");
    assert_int_equal(i2v_binder_finish(&binder), I2V_OK);
    assert_string_equal(error.message, "");
    i2v_weights_close(weights);
}

static void names_leftover_tensors(void **state) {
    (void)state;
    i2v_weights *weights = open_mixed();
    i2v_binder binder;
    i2v_error error = {0};
    i2v_binder_begin(&binder, weights, &error);
    bind_mixed(&binder);
    i2v_binder_ignore(&binder, "other.");
    assert_int_equal(i2v_binder_finish(&binder), I2V_ERROR_MODEL);
    assert_says(&error, I2V_ERROR_MODEL, PLAIN ": tensor ids has no place in this model (1 such");
    i2v_weights_close(weights);
}

static void expect_bind_failure(const int64_t *shape, int ndim, const char *name, const char *part) {
    i2v_weights *weights = open_mixed();
    i2v_binder binder;
    i2v_error error = {0};
    i2v_binder_begin(&binder, weights, &error);
    assert_null(i2v_bind(&binder, shape, ndim, "%s", name));
    assert_null(i2v_bind(&binder, three, 1, "second failure"));
    assert_null(i2v_bind(&binder, three, 1, "a.full"));
    i2v_binder_ignore(&binder, "");
    assert_int_equal(i2v_binder_finish(&binder), I2V_ERROR_MODEL);
    assert_says(&error, I2V_ERROR_MODEL, in_folder(PLAIN));
    assert_says(&error, I2V_ERROR_MODEL, part);
    i2v_weights_close(weights);
}

static void refuses_what_does_not_fit(void **state) {
    (void)state;
    static const int64_t other[] = {2, 3, 1};
    expect_bind_failure(three, 1, "conv_in.weight", "tensor conv_in.weight is missing");
    expect_bind_failure(other, 3, "b.half", "tensor b.half has shape [2, 1, 3], expected [2, 3, 1]");
    expect_bind_failure(two_one_three, 2, "b.half", "has shape [2, 1, 3], expected [2, 1]");
    expect_bind_failure(two, 1, "scalar", "has shape [], expected [2]");
    expect_bind_failure(one_two, 2, "ids", "tensor ids has dtype I64, expected a floating one");
    char name[2000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect_bind_failure(two, 1, name, "whose name is too long, nnn");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(binds_names_and_shapes),
        IN_FOLDER(names_leftover_tensors),
        IN_FOLDER(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests_name("weights_binder", tests, NULL, NULL);
}
