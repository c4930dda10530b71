/* Files that PyTorch wrote (tools/make_torch_files.py): their tensors, and those that are refused. */
#include "weight_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static i2v_weights *open_data(const char *name) {
    char path[1024];
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    snprintf(path, sizeof path, I2V_TEST_DATA "/torch/%s", name);
    if (i2v_weights_open_file(&weights, path, &error) != I2V_OK) fail_msg("%s", error.message);
    return weights;
}

static void assert_same_values(const i2v_weight *one, const i2v_weight *other) {
    float a[120], b[120];
    assert_true(one->count <= 120);
    if (one->dtype == I2V_WEIGHT_OTHER) return;
    assert_int_equal(i2v_weight_read_f32(one, 0, one->count, a), 0);
    assert_int_equal(i2v_weight_read_f32(other, 0, other->count, b), 0);
    assert_memory_equal(a, b, one->count * sizeof *a);
    for (uint64_t i = 0; i < one->count; i++) {
        assert_int_equal(i2v_weight_read_f32(one, i, 1, a), 0);
        assert_memory_equal(a, &b[i], sizeof *a);
    }
}

/* Of every dtype, and however they lie in their storages, tensors are those that safetensors has. */
static void reads_every_tensor(void **state) {
    (void)state;
    i2v_weights *torch = open_data("plain.pt"), *safe = open_data("plain.safetensors");
    assert_int_equal(i2v_weights_count(torch), i2v_weights_count(safe));
    for (size_t i = 0; i < i2v_weights_count(safe); i++) {
        const i2v_weight *one = i2v_weights_at(torch, i), *other = i2v_weights_at(safe, i);
        assert_string_equal(one->name, other->name);
        assert_string_equal(one->dtype_name, other->dtype_name);
        assert_int_equal(one->dtype, other->dtype);
        assert_int_equal(one->ndim, other->ndim);
        assert_memory_equal(one->shape, other->shape, (size_t)one->ndim * sizeof *one->shape);
        assert_true(one->count == other->count && one->bytes == other->bytes && one->scale == 1);
        assert_same_values(one, other);
    }
    i2v_weights_close(torch);
    i2v_weights_close(safe);
}

/* Only tensors whose values are not in order are copied. */
static void reads_values_where_they_lie(void **state) {
    (void)state;
    static const char *const copied[] = {"shared.columns", "shared.column", "shared.transposed", "channels_last",
                                         "permuted",       "one",           "expanded",          "strided"};
    i2v_weights *weights = open_data("plain.pt");
    size_t in_memory = 0;
    for (size_t i = 0; i < i2v_weights_count(weights); i++) in_memory += !i2v_weights_at(weights, i)->at.file;
    assert_int_equal(in_memory, sizeof copied / sizeof *copied);
    for (size_t i = 0; i < in_memory; i++) assert_null(i2v_weights_find(weights, copied[i])->at.file);
    const i2v_weight *all = i2v_weights_find(weights, "shared"), *row = i2v_weights_find(weights, "shared.row");
    assert_true(row->at.offset == all->at.offset + 2 * 6 * sizeof(float));
    assert_false(i2v_weights_in_memory(weights));
    assert_null(i2v_weights_metadata(weights, "format"));
    i2v_weights_close(weights);
}

/* A state dict by itself, as the only dict of tensors in another one, as "model" beside others, and in a checkpoint of
 * Lightning's beside an optimiser's tensors, numbers and lists; by protocols 2 and 4. */
static void finds_the_state_dict(void **state) {
    (void)state;
    static const char *const names[] = {"0.bias",         "0.weight",      "1.bias",  "1.num_batches_tracked",
                                        "1.running_mean", "1.running_var", "1.weight"};
    static const char *const files[] = {"protocol4.pth", "only.pth", "named.pth", "checkpoint.ckpt"};
    i2v_weights *first = open_data(files[0]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        i2v_weights *weights = open_data(files[i]);
        assert_int_equal(i2v_weights_count(weights), 7);
        for (size_t k = 0; k < 7; k++) {
            assert_string_equal(i2v_weights_at(weights, k)->name, names[k]);
            assert_same_values(i2v_weights_at(weights, k), i2v_weights_at(first, k));
        }
        assert_string_equal(i2v_weights_dtype_name(weights), "F32");
        assert_true(i2v_weights_parameters(weights) == 54 + 3 + 4 * 3);
        i2v_weights_close(weights);
    }
    i2v_weights_close(first);
}

/* Whatever the file is called, and whatever packed its archive. */
static void tells_the_format_by_its_bytes(void **state) {
    (void)state;
    i2v_weights *weights = open_data("repacked.pt");
    assert_true(value_of(weights, "x") == 1);
    i2v_weights_close(weights);
    uint8_t bytes[4096];
    FILE *file = fopen(I2V_TEST_DATA "/torch/little.pt", "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    write_file(PLAIN, bytes, size);
    weights = open_variant(NULL);
    assert_true(value_of(weights, "x") == 1);
    i2v_weights_close(weights);
}

static void expect_data_refused(const char *name, i2v_status status, const char *one, const char *two) {
    char path[1024];
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    snprintf(path, sizeof path, I2V_TEST_DATA "/torch/%s", name);
    assert_int_equal(i2v_weights_open_file(&weights, path, &error), status);
    assert_null(weights);
    assert_says(&error, status, name);
    assert_says(&error, status, one);
    assert_says(&error, status, two);
}

static void refuses_what_is_more_than_tensors(void **state) {
    (void)state;
    expect_data_refused("module.pt", I2V_ERROR_UNSUPPORTED, "names torch.nn.modules.container.Sequential",
                        "nothing of it was run; get the model's safetensors files");
    expect_data_refused("list.pt", I2V_ERROR_MODEL, "no dict of tensors", "save the model's state_dict()");
    expect_data_refused("legacy.pt", I2V_ERROR_MODEL, "in the format that PyTorch had before 1.6",
                        "load and save it in a newer PyTorch");
    expect_data_refused("several.pth", I2V_ERROR_MODEL, "2 dicts of tensors", "save one of them");
    expect_data_refused("big.pt", I2V_ERROR_UNSUPPORTED, "big-endian", "save it as safetensors");
    expect_data_refused("compressed.pt", I2V_ERROR_UNSUPPORTED, "little/data.pkl in it is compressed", "zip -0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_tensor),
        cmocka_unit_test(reads_values_where_they_lie),
        cmocka_unit_test(finds_the_state_dict),
        IN_FOLDER(tells_the_format_by_its_bytes),
        cmocka_unit_test(refuses_what_is_more_than_tensors),
    };
    return cmocka_run_group_tests_name("torch_file", tests, NULL, NULL);
}
