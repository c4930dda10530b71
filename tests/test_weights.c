/* Weight files that are sound: which file is chosen, what its tensors say of themselves, and shards. */
#include "weight_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reads_every_floating_dtype(void **state) {
    (void)state;
    i2v_weights *weights = open_mixed();
    float full[3], half[4], brain[2];
    i2v_weight_read_f32(i2v_weights_find(weights, "a.full"), 0, 3, full);
    assert_true(full[0] == 1.5f && full[1] == -2.25f && full[2] == 1e-30f);
    i2v_weight_read_f32(i2v_weights_find(weights, "a.full"), 1, 1, full);
    assert_true(full[0] == -2.25f);
    i2v_weight_read_f32(i2v_weights_find(weights, "b.half"), 1, 4, half);
    assert_true(half[0] == -2 && half[1] == 0x1p-24f && half[2] == -0x1p-24f && half[3] == 65504);
    i2v_weight_read_f32(i2v_weights_find(weights, "c.brain"), 0, 2, brain);
    assert_true(brain[0] == 1 && brain[1] == -1.0f / 0.0f);
    assert_true(value_of(weights, "scalar") == 42);
    i2v_weight_read_f32(i2v_weights_find(weights, "empty"), 0, 0, NULL);
    i2v_weights_close(weights);
}

static void describes_its_tensors(void **state) {
    (void)state;
    i2v_weights *weights = open_mixed();
    static const char *const sorted[] = {"a.full", "b.half", "c.brain", "empty", "ids", "scalar"};
    assert_int_equal(i2v_weights_count(weights), 6);
    for (size_t i = 0; i < 6; i++) assert_string_equal(i2v_weights_at(weights, i)->name, sorted[i]);
    assert_null(i2v_weights_at(weights, 6));
    assert_null(i2v_weights_find(weights, "b.hal"));
    assert_null(i2v_weights_find(weights, "__metadata__"));
    const i2v_weight *half = i2v_weights_find(weights, "b.half");
    assert_int_equal(half->ndim, 3);
    assert_true(half->shape[0] == 2 && half->shape[1] == 1 && half->shape[2] == 3);
    assert_true(half->count == 6 && half->bytes == 12 && half->at.offset == 8 + strlen(mixed_header) + 12);
    assert_string_equal(half->dtype_name, "F16");
    assert_string_equal(half->file, in_folder(PLAIN));
    assert_true(i2v_weights_find(weights, "scalar")->ndim == 0 && i2v_weights_find(weights, "scalar")->count == 1);
    assert_int_equal(i2v_weights_find(weights, "ids")->dtype, I2V_WEIGHT_OTHER);
    assert_string_equal(i2v_weights_dtype_name(weights), "mixed");
    assert_true(i2v_weights_parameters(weights) == 12 && i2v_weights_bytes(weights) == 48);
    assert_string_equal(i2v_weights_path(weights), in_folder(PLAIN));
    i2v_weights_close(weights);
    i2v_weights_close(NULL);
}

static void names_a_common_dtype(void **state) {
    (void)state;
    write_safetensors(PLAIN,
                      "{\"x\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                      "\"ids\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}   ",
                      "abcdefgh", 8);
    i2v_weights *weights = open_variant(NULL);
    assert_string_equal(i2v_weights_dtype_name(weights), "BF16");
    assert_true(i2v_weights_parameters(weights) == 2);
    i2v_weights_close(weights);
}

/* Files are added from the last choice to the first; each time the new one must win. */
static void prefers_plain_files(void **state) {
    (void)state;
    static const struct {
        const char *name, *shard;
    } choices[] = {
        {STEM ".bin.index.fp16.json", STEM ".fp16-00001-of-00001.bin"},
        {STEM ".fp16.bin", NULL},
        {STEM ".bin.index.json", STEM "-00001-of-00001.bin"},
        {STEM ".bin", NULL},
        {STEM ".safetensors.fp16.index.json", STEM ".fp16-old.safetensors"},
        {STEM ".safetensors.index.fp16.json", STEM ".fp16-00001-of-00001.safetensors"},
        {STEM ".fp16.safetensors", NULL},
        {INDEX, STEM "-00001-of-00001.safetensors"},
        {PLAIN, NULL},
    };
    for (int i = 0; i < 9; i++) {
        const char *shard = choices[i].shard;
        write_one(shard ? shard : choices[i].name, "x", (float)i);
        if (shard) {
            char text[256];
            snprintf(text, sizeof text, "{\"weight_map\":{\"x\":\"%s\"}}", shard);
            write_text(choices[i].name, text);
        }
        i2v_weights *weights = open_variant(NULL);
        assert_true(value_of(weights, "x") == (float)i);
        assert_string_equal(i2v_weights_path(weights), in_folder(choices[i].name));
        i2v_weights_close(weights);
    }
    i2v_weights *weights = open_variant("fp16");
    assert_true(value_of(weights, "x") == 6);
    i2v_weights_close(weights);
}

/* transformers' names of PyTorch's files have another stem. */
static void finds_transformers_files(void **state) {
    (void)state;
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    write_one("pytorch_model.bin", "x", 1);
    assert_int_equal(i2v_weights_open(&weights, folder, "model", NULL, &error), I2V_OK);
    assert_true(value_of(weights, "x") == 1);
    i2v_weights_close(weights);
    write_one("model.safetensors", "x", 2);
    assert_int_equal(i2v_weights_open(&weights, folder, "model", NULL, &error), I2V_OK);
    assert_true(value_of(weights, "x") == 2);
    i2v_weights_close(weights);
}

static void says_what_was_looked_for(void **state) {
    (void)state;
    expect_refused(NULL, "no weights", PLAIN ", " INDEX ", " STEM ".fp16.safetensors");
    expect_refused("ema", STEM ".ema.safetensors, " STEM ".safetensors.index.ema.json", NULL);
    write_text("ema.bin", "PK");
    expect_refused(NULL, "it has ema.bin, but none of " PLAIN,
                   "or " STEM ".bin.index.fp16.json; choose another variant");
    write_text(STEM ".bin", "PK");
    expect_refused(NULL, STEM ".bin: ", "begins with \"PK\"");
    write_one(PLAIN, "x", 1);
    expect_refused("ema", "it has " PLAIN ", but none of " STEM ".ema.safetensors", "choose another variant");
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    i2v_weights_open(&weights, in_folder("nowhere"), STEM, NULL, &error);
    assert_says(&error, I2V_ERROR_MODEL, "nowhere: there is no such folder");
    i2v_weights_open(&weights, folder, STEM, "../x", &error);
    assert_says(&error, I2V_ERROR_PARAMETER, "variant \"../x\"");
    assert_null(weights);
}

static void reads_shards(void **state) {
    (void)state;
    write_text(INDEX, "{\"metadata\":{},\"weight_map\":{\"b\":\"two.safetensors\",\"a\":\"one.safetensors\","
                      "\"ids\":\"three.safetensors\",\"a.full\":\"three.safetensors\"}}");
    write_one("one.safetensors", "a", 1);
    write_one("two.safetensors", "b", 2);
    size_t size;
    uint8_t *file = make_mixed(&size);
    write_file("three.safetensors", file, size);
    free(file);
    i2v_weights *weights = open_variant(NULL);
    assert_int_equal(i2v_weights_count(weights), 8);
    assert_true(value_of(weights, "a") == 1 && value_of(weights, "b") == 2 && value_of(weights, "a.full") == 1.5f);
    assert_string_equal(i2v_weights_find(weights, "b")->file, in_folder("two.safetensors"));
    assert_string_equal(i2v_weights_path(weights), in_folder(INDEX));
    i2v_weights_close(weights);
}

static void refuses_wrong_shards(void **state) {
    (void)state;
    write_text(INDEX, "{\"weight_map\":{\"b\":\"two.safetensors\",\"a\":\"one.safetensors\"}}");
    write_one("one.safetensors", "a", 1);
    expect_refused(NULL, INDEX, "shard two.safetensors that it names is missing");
    write_one("two.safetensors", "c", 2);
    expect_refused(NULL, INDEX, "tensor b is not in two.safetensors");
    write_one("two.safetensors", "a", 2);
    expect_refused(NULL, "one.safetensors: duplicate tensor a: it is in", "two.safetensors");
    write_text("two.safetensors", "short");
    expect_refused(NULL, "two.safetensors: it is a text", "\"short\"");
    write_one("two.safetensors", "b", 2);
    write_text(INDEX, "{\"weight_map\":{\"b\":\"one.safetensors\",\"a\":\"two.safetensors\"}}");
    expect_refused(NULL, "is not in", NULL);
}

static void refuses_wrong_indices(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "it is empty"},
        {"[]", "no object"},
        {"{}", "no weight_map"},
        {"{\"weight_map\":{}}", "no weight_map"},
        {"{\"weight_map\":[\"a\"]}", "no weight_map"},
        {"{\"weight_map\":{\"conv_in.weight\":7}}", "tensor conv_in.weight: its file is an integer"},
        {"{\"weight_map\":{\"a\":\"../x.safetensors\"}}", "no plain file name"},
        {"{\"weight_map\":{\"a\":\"/etc/x.safetensors\"}}", "no plain file name"},
        {"{\"weight_map\":{\"a\":\"b\\\\x.safetensors\"}}", "no plain file name"},
        {"{\"weight_map\":{\"a\":\"..\"}}", "no plain file name"},
        {"{\"weight_map\":{\"a\":\"\"}}", "no plain file name"},
        {"{\"weight_map\":{\"a\":\"x.gguf\"}}", "x.gguf is neither a safetensors file nor"},
        {"{\"weight_map\":{\"a\":\"x\\n.safetensors\"}}", "control characters"},
        {"{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"y.safetensors\"}}", "has the key a twice;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(INDEX, cases[i][0]);
        expect_refused(NULL, INDEX ": ", cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(reads_every_floating_dtype), IN_FOLDER(describes_its_tensors),    IN_FOLDER(names_a_common_dtype),
        IN_FOLDER(prefers_plain_files),        IN_FOLDER(says_what_was_looked_for), IN_FOLDER(reads_shards),
        IN_FOLDER(refuses_wrong_shards),       IN_FOLDER(refuses_wrong_indices),    IN_FOLDER(finds_transformers_files),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
