/* Weight files and configurations: what is well-formed is read exactly, what is not is refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "weights/binder.h"
#include "json/config.h"
#include "weights/weights.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEM "diffusion_pytorch_model"
#define PLAIN STEM ".safetensors"
#define INDEX STEM ".safetensors.index.json"

/* ---- a temporary folder, and files in it ------------------------------------------------------------------------ */

static char folder[512];

static int make_folder(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/img2vid-test-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int count_files(void) {
    int count = 0;
    DIR *directory = opendir(folder);
    if (!directory) return -1;
    struct dirent *entry;
    while ((entry = readdir(directory))) count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(directory);
    return count;
}

static int remove_folder(void **state) {
    (void)state;
    DIR *directory = opendir(folder);
    if (!directory) return -1;
    struct dirent *entry;
    while ((entry = readdir(directory))) unlink(in_folder(entry->d_name));
    closedir(directory);
    return rmdir(folder);
}

static void write_file(const char *name, const void *data, size_t size) {
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *name, const char *text) {
    write_file(name, text, strlen(text));
}

/* A safetensors file of this header and data, in memory to be freed. */
static uint8_t *make_safetensors(const char *header, const void *data, size_t data_size, size_t *size) {
    uint64_t length = strlen(header);
    *size = 8 + length + data_size;
    uint8_t *file = malloc(*size);
    assert_non_null(file);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    if (data_size) memcpy(file + 8 + length, data, data_size);
    return file;
}

static void write_safetensors(const char *name, const char *header, const void *data, size_t data_size) {
    size_t size;
    uint8_t *file = make_safetensors(header, data, data_size, &size);
    write_file(name, file, size);
    free(file);
}

/* A file of one F32 tensor of one value. */
static void write_one(const char *name, const char *tensor, float value) {
    char header[256];
    snprintf(header, sizeof header, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", tensor);
    write_safetensors(name, header, &value, sizeof value);
}

/* ---- opening, and expecting a failure --------------------------------------------------------------------------- */

static i2v_weights *open_variant(const char *variant) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&weights, folder, STEM, variant, &error) != I2V_OK) fail_msg("%s", error.message);
    return weights;
}

static void assert_says(const i2v_error *error, i2v_status status, const char *part) {
    if (error->status != status || !strstr(error->message, part))
        fail_msg("status %d, \"%s\": expected %d, \"%s\"", error->status, error->message, status, part);
}

/* Opening the plain file fails so, with a sentence that names it and has these parts. */
static void expect_refused_as(i2v_status status, const char *one, const char *two) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    assert_int_equal(i2v_weights_open(&weights, folder, STEM, NULL, &error), status);
    assert_says(&error, status, PLAIN);
    assert_says(&error, status, one);
    if (two) assert_says(&error, status, two);
}

/* Opening fails as a model error whose sentence names the file and has these parts (each may be NULL). */
static void expect_refused(const char *variant, const char *one, const char *two) {
    i2v_weights *weights = (i2v_weights *)&weights;
    i2v_error error = {0};
    i2v_status status = i2v_weights_open(&weights, folder, STEM, variant, &error);
    assert_null(weights);
    assert_int_equal(status, error.status);
    assert_says(&error, I2V_ERROR_MODEL, folder);
    if (one) assert_says(&error, I2V_ERROR_MODEL, one);
    if (two) assert_says(&error, I2V_ERROR_MODEL, two);
    assert_int_equal(i2v_weights_open(&weights, folder, STEM, variant, NULL), I2V_ERROR_MODEL);
}

/* The same for a plain file of this header and data_size bytes; the sentence names the file. */
static void expect_header_refused(const char *header, size_t data_size, const char *one, const char *two) {
    static const uint8_t zeros[64];
    assert_true(data_size <= sizeof zeros);
    write_safetensors(PLAIN, header, zeros, data_size);
    expect_refused(NULL, PLAIN ": ", one);
    if (two) expect_refused(NULL, two, NULL);
}

static float value_of(const i2v_weights *weights, const char *name) {
    float value = -1;
    const i2v_weight *weight = i2v_weights_find(weights, name);
    assert_non_null(weight);
    i2v_weight_read_f32(weight, 0, 1, &value);
    return value;
}

/* ---- good files ------------------------------------------------------------------------------------------------- */

/* Three kinds of floats and integers; the header's length leaves all of them unaligned. */
static const char *const mixed_header = "{\"__metadata__\":{\"format\":\"pt\"},"
                                        "\"b.half\":{\"dtype\":\"F16\",\"shape\":[2,1,3],\"data_offsets\":[12,24]},"
                                        "\"a.full\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
                                        "\"ids\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[28,44]},"
                                        "\"c.brain\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[24,28]},"
                                        "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[24,24]},"
                                        "\"scalar\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[44,48]}}";

static uint8_t *make_mixed(size_t *size) {
    uint8_t data[48] = {0};
    const float full[3] = {1.5f, -2.25f, 1e-30f}, scalar = 42;
    const uint16_t half[6] = {0x3c00, 0xc000, 0x0001, 0x8001, 0x7bff, 0x7c00}, brain[2] = {0x3f80, 0xff80};
    memcpy(data, full, 12);
    memcpy(data + 12, half, 12);
    memcpy(data + 24, brain, 4);
    memcpy(data + 44, &scalar, 4);
    return make_safetensors(mixed_header, data, sizeof data, size);
}

static i2v_weights *open_mixed(void) {
    size_t size;
    uint8_t *file = make_mixed(&size);
    write_file(PLAIN, file, size);
    free(file);
    return open_variant(NULL);
}

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

/* ---- widening --------------------------------------------------------------------------------------------------- */

/* The definition of IEEE 754 binary16, step by step. */
static float reference_f16(unsigned half) {
    unsigned exponent = half >> 10 & 31, mantissa = half & 1023;
    double value = exponent ? 1024 + mantissa : mantissa; /* in units of 2^(exponent - 25), subnormal: 2^-24 */
    for (int power = exponent ? (int)exponent - 25 : -24; power != 0; power += power < 0 ? 1 : -1)
        value = power < 0 ? value / 2 : value * 2;
    if (exponent == 31) value = mantissa ? 0.0 / 0.0 : 1.0 / 0.0;
    return (float)(half & 0x8000 ? -value : value);
}

/* bfloat16 is the upper half of an f32. */
static float reference_bf16(unsigned half) {
    unsigned exponent = half >> 7 & 255, mantissa = half & 127;
    double value = exponent ? 128 + mantissa : mantissa;
    for (int power = exponent ? (int)exponent - 134 : -133; power != 0; power += power < 0 ? 1 : -1)
        value = power < 0 ? value / 2 : value * 2;
    if (exponent == 255) value = mantissa ? 0.0 / 0.0 : 1.0 / 0.0;
    return (float)(half & 0x8000 ? -value : value);
}

/* One byte: `bits` of mantissa under an exponent biased by `bias`. E5M2 has infinities, E4M3 has one code of NaN. */
static float reference_byte(unsigned byte, int bits, int bias) {
    unsigned exponent = (byte & 0x7f) >> bits, mantissa = byte & ((1u << bits) - 1);
    double value =
        ldexp(exponent ? (1 << bits) + (int)mantissa : (int)mantissa, (exponent ? (int)exponent : 1) - bias - bits);
    if (bits == 2 && exponent == 31) value = mantissa ? NAN : INFINITY;
    if (bits == 3 && (byte & 0x7f) == 0x7f) value = NAN;
    return (float)(byte & 0x80 ? -value : value);
}

/* Some values as PyTorch has them, beside the definition. */
static void widens_every_byte(void **state) {
    (void)state;
    static const struct {
        i2v_weight_dtype dtype;
        uint8_t code;
        float value;
    } known[] = {
        {I2V_WEIGHT_E4M3, 0x7e, 448},      {I2V_WEIGHT_E4M3, 0x01, 0x1p-9f},     {I2V_WEIGHT_E4M3, 0x88, -0x1p-6f},
        {I2V_WEIGHT_E4M3, 0x39, 1.125f},   {I2V_WEIGHT_E4M3, 0x07, 7 * 0x1p-9f}, {I2V_WEIGHT_E5M2, 0x7b, 57344},
        {I2V_WEIGHT_E5M2, 0x01, 0x1p-16f}, {I2V_WEIGHT_E5M2, 0xfc, -INFINITY},   {I2V_WEIGHT_E5M2, 0x3d, 1.25f}};
    uint8_t codes[3 * 256 + 1];
    float out[3 * 256];
    for (unsigned i = 0; i < sizeof codes; i++) codes[i] = (uint8_t)(i - 1);
    for (int k = 0; k < 2; k++) {
        i2v_weight_dtype dtype = k ? I2V_WEIGHT_E5M2 : I2V_WEIGHT_E4M3;
        i2v_weight weight = {.dtype = dtype, .count = 3 * 256, .at.data = codes + 1, .bytes = 3 * 256, .scale = 0.3f};
        for (unsigned first = 0; first <= 3; first += 3) {
            assert_int_equal(i2v_weight_read_f32(&weight, first, weight.count - first, out), 0);
            for (unsigned i = first; i < weight.count; i++) {
                float expected = reference_byte(i % 256, k ? 2 : 3, k ? 15 : 7) * 0.3f, found = out[i - first];
                int both_nan = expected != expected && found != found;
                if (!both_nan && memcmp(&expected, &found, sizeof found) != 0)
                    fail_msg("code %02x: %a, expected %a", i % 256, (double)found, (double)expected);
            }
        }
        weight.scale = 1;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (known[i].dtype != dtype) continue;
            i2v_weight_read_f32(&weight, known[i].code, 1, out);
            assert_true(out[0] == known[i].value);
        }
    }
}

static void widens_every_pattern(i2v_weight_dtype dtype, float (*reference)(unsigned)) {
    enum { COUNT = 65536 };
    uint8_t *data = malloc(2 * COUNT + 1);
    float *out = malloc(COUNT * sizeof *out);
    assert_true(data && out);
    for (unsigned i = 0; i < COUNT; i++) {
        data[1 + 2 * i] = (uint8_t)i;
        data[2 + 2 * i] = (uint8_t)(i >> 8);
    }
    i2v_weight weight = {.dtype = dtype, .count = COUNT, .at.data = data + 1, .bytes = 2 * COUNT};
    /* from 3: the vectorised loop and its remainder each meet other patterns than from 0 */
    for (unsigned first = 0; first <= 3; first += 3) {
        i2v_weight_read_f32(&weight, first, COUNT - first, out);
        for (unsigned i = first; i < COUNT; i++) {
            float expected = reference(i), found = out[i - first];
            int both_nan = expected != expected && found != found;
            if (!both_nan && memcmp(&expected, &found, sizeof found) != 0)
                fail_msg("pattern %04x: %a, expected %a", i, (double)found, (double)expected);
        }
    }
    free(data);
    free(out);
}

static void widens_every_f16(void **state) {
    (void)state;
    widens_every_pattern(I2V_WEIGHT_F16, reference_f16);
}

static void widens_every_bf16(void **state) {
    (void)state;
    widens_every_pattern(I2V_WEIGHT_BF16, reference_bf16);
}

/* ---- weights of one byte ------------------------------------------------------------------------------------------
 */

#define WEIGHT "\"a.weight\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,2]}"
#define BESIDE "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[2,%d]}"

/* A weight of two values, 1 and -2 where they are F8_E4M3, with a tensor beside it. */
static void write_scaled(const char *dtype, const char *name, const char *beside, const char *shape, const void *data,
                         size_t size) {
    char header[512];
    uint8_t bytes[1100] = {0x38, 0xc0};
    snprintf(header, sizeof header, "{" WEIGHT "," BESIDE "}", dtype, name, beside, shape, 2 + (int)size);
    memcpy(bytes + 2, data, size);
    write_safetensors(PLAIN, header, bytes, 2 + size);
}

/* Scales and marks of ComfyUI's files are taken in, older and newer names alike. */
static void scales_bytes(void **state) {
    (void)state;
    static const char *const scales[] = {"a.scale_weight", "a.weight_scale"};
    static const struct {
        const char *name, *dtype, *shape, *data;
        size_t size;
    } marks[] = {
        {"a.scale_input", "F32", "[]", "abcd", 4},
        {"a.input_scale", "F32", "[1]", "abcd", 4},
        {"scaled_fp8", "F8_E4M3", "[0]", "", 0},
        {"model.diffusion_model.scaled_fp8", "F8_E4M3", "[2]", "ab", 2},
        {"a.comfy_quant", "U8", "[27]", "{\"format\": \"float8_e4m3fn\"}", 27},
        {"a.comfy_quant", "U8", "[25]", "{\"format\": \"float8_e5m2\"}", 25},
    };
    const float scale = 0.3f;
    float values[2];
    for (int i = 0; i < 2; i++) {
        write_scaled("F8_E4M3", scales[i], "F32", i ? "[1]" : "[]", &scale, 4);
        i2v_weights *weights = open_variant(NULL);
        assert_int_equal(i2v_weights_count(weights), 1);
        i2v_weight_read_f32(i2v_weights_at(weights, 0), 0, 2, values);
        assert_true(values[0] == 0.3f && values[1] == -0.6f);
        assert_string_equal(i2v_weights_dtype_name(weights), "F8_E4M3");
        i2v_weights_close(weights);
    }
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        write_scaled("F8_E4M3", marks[i].name, marks[i].dtype, marks[i].shape, marks[i].data, marks[i].size);
        i2v_weights *weights = open_variant(NULL);
        assert_int_equal(i2v_weights_count(weights), 1);
        i2v_weight_read_f32(i2v_weights_at(weights, 0), 0, 2, values);
        assert_true(values[0] == 1 && values[1] == -2);
        i2v_weights_close(weights);
    }
}

/* Other ways of quantising are refused by name. */
static void refuses_other_quantisation(void **state) {
    (void)state;
    static const float pair[] = {1, 2}, infinite = INFINITY;
    static const char nvfp4[] = "{\"format\": \"nvfp4\"}", broken[] = "{\"format\"";
    write_scaled("F8_E4M3", "a.weight_scale", "F32", "[2,1]", pair, 8);
    expect_refused_as(I2V_ERROR_UNSUPPORTED, "a.weight_scale", "2 values of dtype F32");
    write_scaled("F8_E4M3", "a.weight_scale", "F8_E8M0", "[1]", "a", 1);
    expect_refused_as(I2V_ERROR_UNSUPPORTED, "a.weight_scale", "dtype F8_E8M0");
    write_scaled("F8_E4M3", "a.scale_weight", "F32", "[]", &infinite, 4);
    expect_refused_as(I2V_ERROR_MODEL, "a.scale_weight", "not a finite number");
    write_scaled("U8", "a.weight_scale", "F32", "[1]", pair, 4);
    expect_refused_as(I2V_ERROR_UNSUPPORTED, "a.weight_scale", "scales weights of dtype U8");
    write_scaled("U8", "a.comfy_quant", "U8", "[19]", nvfp4, 19);
    expect_refused_as(I2V_ERROR_UNSUPPORTED, "a.comfy_quant", "quantised as nvfp4");
    write_scaled("F8_E4M3", "a.comfy_quant", "U8", "[9]", broken, 9);
    expect_refused_as(I2V_ERROR_UNSUPPORTED, "a.comfy_quant", "something unknown");
    char long_text[1100] = {0};
    write_scaled("F8_E4M3", "a.comfy_quant", "U8", "[1090]", long_text, 1090);
    expect_refused_as(I2V_ERROR_UNSUPPORTED, "a.comfy_quant", "something unknown");
    /* of no weight: left where it is */
    write_scaled("F8_E4M3", "b.scale_weight", "F32", "[]", pair, 4);
    i2v_weights *weights = open_variant(NULL);
    assert_int_equal(i2v_weights_count(weights), 2);
    i2v_weights_close(weights);
    write_safetensors(PLAIN, "{\"scaled_fp8\":{\"dtype\":\"F8_E4M3\",\"shape\":[0],\"data_offsets\":[0,0]}}", "", 0);
    expect_refused_as(I2V_ERROR_MODEL, "it has no weights", NULL);
}

/* ---- which file ------------------------------------------------------------------------------------------------- */

/* Files are added from the last choice to the first; each time the new one must win. */
static void prefers_plain_files(void **state) {
    (void)state;
    static const struct {
        const char *name, *shard;
    } choices[] = {
        {STEM ".safetensors.fp16.index.json", STEM ".fp16-old.safetensors"},
        {STEM ".safetensors.index.fp16.json", STEM ".fp16-00001-of-00001.safetensors"},
        {STEM ".fp16.safetensors", NULL},
        {INDEX, STEM "-00001-of-00001.safetensors"},
        {PLAIN, NULL},
    };
    for (int i = 0; i < 5; i++) {
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
    assert_true(value_of(weights, "x") == 2);
    i2v_weights_close(weights);
}

static void says_what_was_looked_for(void **state) {
    (void)state;
    expect_refused(NULL, "no weights", PLAIN ", " INDEX ", " STEM ".fp16.safetensors");
    expect_refused("ema", STEM ".ema.safetensors, " STEM ".safetensors.index.ema.json", NULL);
    write_text(STEM ".bin", "PK");
    expect_refused(NULL, STEM ".bin", "convert the model to safetensors");
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

/* ---- shards ----------------------------------------------------------------------------------------------------- */

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
        {"{\"weight_map\":{\"a\":\"x.bin\"}}", "x.bin is no safetensors file"},
        {"{\"weight_map\":{\"a\":\"x\\n.safetensors\"}}", "control characters"},
        {"{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"y.safetensors\"}}", "has the key a twice;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(INDEX, cases[i][0]);
        expect_refused(NULL, INDEX ": ", cases[i][1]);
    }
}

/* ---- hostile safetensors files ---------------------------------------------------------------------------------- */

static void refuses_wrong_headers(void **state) {
    (void)state;
    write_file(PLAIN, "", 0);
    expect_refused(NULL, "it is empty", PLAIN);
    write_file(PLAIN, "\2\0\0\0\0", 5);
    expect_refused(NULL, "5 bytes are too few", PLAIN);
    write_text(PLAIN, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    expect_refused(NULL, "git lfs pull", PLAIN);
    write_text(PLAIN, "<html>404 Not Found</html>");
    expect_refused(NULL, "a web page", PLAIN);
    write_file(PLAIN, "\x01\xe1\xf5\x05\0\0\0\0{}", 10); /* 100,000,001 */
    expect_refused(NULL, "a header of 100000001 bytes", PLAIN);
    write_file(PLAIN, "\x03\0\0\0\0\0\0\0{}", 10);
    expect_refused(NULL, "header ends at byte 11, past the end of the file (10 bytes)", "truncated");
    write_file(PLAIN, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    expect_refused(NULL, "a header of 18446744073709551615 bytes", PLAIN);
    expect_header_refused("", 0, "begins with zeros", NULL);
    expect_header_refused("[]", 0, "no object", NULL);
    expect_header_refused("{\"x\":", 0, "damaged JSON", NULL);
    expect_header_refused("{} {}", 0, "damaged JSON", NULL);
    expect_header_refused("{}", 0, "no tensors", NULL);
    expect_header_refused("{\"__metadata__\":{}}", 0, "no tensors", NULL);
    char *deep = calloc(1, 200001);
    assert_non_null(deep);
    memset(deep, '[', 200000);
    expect_header_refused(deep, 0, "nested more than 64 deep", NULL);
    free(deep);
}

#define PLACE "\"data_offsets\":"

/* One tensor "t" with these fields; 8 bytes of data. */
static void expect_tensor_refused(const char *fields, const char *part) {
    char header[512];
    snprintf(header, sizeof header, "{\"t\":%s}", fields);
    expect_header_refused(header, 8, "tensor t", part);
}

static void refuses_wrong_tensors(void **state) {
    (void)state;
    expect_tensor_refused("7", "described by an integer");
    expect_tensor_refused("{}", "unknown dtype missing");
    expect_tensor_refused("{\"dtype\":3}", "unknown dtype an integer");
    expect_tensor_refused("{\"dtype\":\"F33\",\"shape\":[2]," PLACE "[0,8]}", "unknown dtype F33");
    expect_tensor_refused("{\"dtype\":\"F32\"," PLACE "[0,8]}", "shape is missing");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":2," PLACE "[0,8]}", "shape is an integer");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2.0]," PLACE "[0,8]}", "dimension 0 of its shape");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[1,\"2\"]," PLACE "[0,8]}", "dimension 1 of its shape");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[-1,-2]," PLACE "[0,8]}", "dimension 0 of its shape");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2]," PLACE "[0,8]}", "9 dimensions");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2]," PLACE "[0,8]}",
                          "more elements than can be counted");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[4611686018427387906]," PLACE "[0,8]}",
                          "more bytes than can be counted");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[0]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[0,8,8]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[-8,0]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[8,0]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "[0,null]}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[2]," PLACE "{\"0\":0}}", "no [begin, end]");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[3]," PLACE "[0,8]}",
                          "span 8 bytes, but its shape and dtype F32 take 12");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[3]," PLACE "[0,12]}",
                          "t ends at byte 75, past the end of the file (71 bytes, 4 are missing)");
    expect_tensor_refused("{\"dtype\":\"U8\",\"shape\":[9223372036854775807]," PLACE "[0,9223372036854775807]}",
                          "past the end of the file");
    expect_tensor_refused("{\"dtype\":\"U8\",\"shape\":[1]," PLACE "[9223372036854775806,9223372036854775807]}",
                          "truncated or damaged");
    expect_tensor_refused("{\"dtype\":\"F32\",\"shape\":[1]," PLACE "[4,8]}", "a gap of 4 bytes before");
    expect_header_refused("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]," PLACE "[0,4]}}", 8,
                          "4 bytes follow the last tensor", "download it again");
    expect_header_refused("{\"t\\u001b[2J\":{}}", 0, "control characters", NULL);
    expect_header_refused("{\"t\\u0000\":{}}", 0, "damaged JSON", NULL);
    expect_header_refused("{\"t\xff\":{}}", 0, "damaged JSON", NULL);
}

static void refuses_overlaps_and_gaps(void **state) {
    (void)state;
    static const char *const header = "{\"one\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                                      "\"two\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}}";
    char text[256];
    snprintf(text, sizeof text, header, 4, 12);
    expect_header_refused(text, 12, "tensor two overlaps tensor one", NULL);
    snprintf(text, sizeof text, header, 0, 8);
    expect_header_refused(text, 8, "overlaps", NULL);
    snprintf(text, sizeof text, header, 12, 20);
    expect_header_refused(text, 20, "a gap of 4 bytes before tensor two", NULL);
    snprintf(text, sizeof text, header, 8, 16);
    expect_header_refused(text, 11, "tensor two ends at byte", "5 are missing");
    write_safetensors(PLAIN, text, "0123456789abcdef", 16);
    i2v_weights_close(open_variant(NULL));
}

#define LONG_NAME "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"
#define FIELDS "{\"dtype\":\"U8\",\"shape\":[0]," PLACE "[0,0]}"

static void refuses_duplicate_names(void **state) {
    (void)state;
    expect_header_refused("{\"t\":" FIELDS ",\"t\":" FIELDS "}", 0, "has the key t twice;", NULL);
    expect_header_refused("{\"" LONG_NAME "\":" FIELDS ",\n\"" LONG_NAME "\":" FIELDS "}", 0,
                          "has the key " LONG_NAME " twice;", NULL);
    expect_header_refused("{\"a\\\"b\":" FIELDS ",\"a\\\"b\":" FIELDS "}", 0, "has the key a\\\"b twice;", NULL);
    expect_header_refused("{\"\\\\\":" FIELDS ",\"\\\\\" :" FIELDS "}", 0, "has the key \\\\ twice;", NULL);
    expect_header_refused("{\"\":" FIELDS ",\"\":" FIELDS "}", 0, "has the key  twice;", NULL);
}

/* ---- fuzzing: nothing may crash, and what opens must be readable ------------------------------------------------- */

static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static int try_weights(void) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&weights, folder, STEM, NULL, &error) != I2V_OK) {
        assert_null(weights);
        assert_true(error.message[0] != '\0' && error.status != I2V_OK);
        return 0;
    }
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        struct stat info;
        assert_int_equal(stat(weight->file, &info), 0);
        assert_true(weight->count <= 64 && weight->at.offset + weight->bytes <= (uint64_t)info.st_size);
        float values[64];
        i2v_weight_read_f32(weight, 0, weight->count, values);
    }
    i2v_weights_close(weights);
    return 1;
}

/* Overwrites one to three bytes of copy: with another digit, a bit flipped, or anything. */
static void damage(uint8_t *copy, size_t size, uint64_t *random) {
    for (uint32_t count = 1 + next_random(random) % 3; count > 0; count--) {
        uint8_t *byte = &copy[next_random(random) % size];
        uint32_t way = next_random(random) % 3;
        *byte = way == 0 ? (uint8_t)('0' + next_random(random) % 10)
                         : (way == 1 ? *byte ^ (uint8_t)(1u << next_random(random) % 8) : (uint8_t)next_random(random));
    }
}

static void survives_damaged_weights(void **state) {
    (void)state;
    size_t size;
    uint8_t *file = make_mixed(&size), *copy = malloc(size);
    assert_non_null(copy);
    for (size_t length = 0; length < size; length++) {
        write_file(PLAIN, file, length);
        assert_int_equal(try_weights(), 0);
    }
    uint64_t random = 1;
    int opened = 0;
    for (int i = 0; i < 4000; i++) {
        memcpy(copy, file, size);
        damage(copy, i % 2 ? size : size - 48, &random);
        write_file(PLAIN, copy, size);
        opened += try_weights();
    }
    assert_in_range(opened, 1, 3999);
    free(file);
    free(copy);
}

static void survives_damaged_indices(void **state) {
    (void)state;
    static const char text[] = "{\"metadata\":{},\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}";
    write_one("1.safetensors", "a", 1);
    write_one("2.safetensors", "b", 2);
    uint64_t random = 2;
    int opened = 0;
    for (int i = 0; i < 2000; i++) {
        uint8_t copy[sizeof text - 1];
        memcpy(copy, text, sizeof copy);
        damage(copy, sizeof copy, &random);
        write_file(INDEX, copy, sizeof copy);
        opened += try_weights();
    }
    assert_in_range(opened, 1, 1999);
}

static const char *const config_text =
    "{\"_class_name\":\"UNet\",\"in_channels\":8,\"ratio\":0.25,\"wide\":1e300,\"flag\":true,\"none\":null,"
    "\"channels\":[320,640,1280],\"one\":7,\"nested\":[[1,2],[3]],\"types\":[\"Down\",\"Up\"],\"empty\":[],"
    "\"halves\":[0.5,1],\"holes\":[1,null],\"big\":9000000000000000000,\"inner\":{\"key\":1},\"escape\":\"\\u001b["
    "2J\"}";

/* Asks for everything; the answers do not matter. */
static int try_config(void) {
    i2v_config *config = NULL;
    i2v_error error = {0};
    if (i2v_config_open(&config, in_folder("config.json"), &error) != I2V_OK) {
        assert_null(config);
        return 0;
    }
    char text[8];
    int ints[3];
    double doubles[3];
    i2v_config_string(config, "_class_name", "Class", text, sizeof text);
    i2v_config_int(config, "in_channels", 4, 1, 100);
    i2v_config_double(config, "ratio", 0, 0, 1);
    i2v_config_bool(config, "flag", 0);
    i2v_config_ints(config, "channels", ints, 3, 1, 5000);
    i2v_config_doubles(config, "halves", doubles, 3);
    for (int i = 0; i < i2v_config_length(config, "types"); i++)
        i2v_config_string_at(config, "types", i, text, sizeof text);
    if (i2v_config_close(config, &error) == I2V_OK) return 1;
    assert_true(error.message[0] != '\0' && error.status != I2V_OK);
    return 0;
}

static void survives_damaged_configs(void **state) {
    (void)state;
    size_t size = strlen(config_text);
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    for (size_t length = 0; length < size; length++) {
        write_file("config.json", config_text, length);
        assert_int_equal(try_config(), 0);
    }
    uint64_t random = 3;
    int good = 0;
    for (int i = 0; i < 4000; i++) {
        memcpy(copy, config_text, size);
        damage(copy, size, &random);
        write_file("config.json", copy, size);
        good += try_config();
    }
    assert_in_range(good, 1, 3999);
    free(copy);
}

/* ---- configurations --------------------------------------------------------------------------------------------- */

static i2v_config *open_config(void) {
    write_text("config.json", config_text);
    i2v_config *config = NULL;
    i2v_error error = {0};
    if (i2v_config_open(&config, in_folder("config.json"), &error) != I2V_OK) fail_msg("%s", error.message);
    return config;
}

static void reads_configurations(void **state) {
    (void)state;
    i2v_config *c = open_config();
    char text[16];
    int ints[3] = {0};
    double doubles[2] = {0};
    assert_int_equal(i2v_config_int(c, "in_channels", 4, 8, 8), 8);
    assert_int_equal(i2v_config_int(c, "missing", 4, 10, 20), 4);
    assert_int_equal(i2v_config_int(c, "none", 5, 10, 20), 5);
    assert_true(i2v_config_double(c, "ratio", 1, 0.25, 0.25) == 0.25);
    assert_true(i2v_config_double(c, "in_channels", 1, 0, 10) == 8);
    assert_true(i2v_config_double(c, "none", 1.5, 0, 1) == 1.5);
    assert_true(i2v_config_double(c, "wide", 0, 0, 1e301) == 1e300);
    assert_int_equal(i2v_config_bool(c, "flag", 0), 1);
    assert_int_equal(i2v_config_bool(c, "none", 1), 1);
    i2v_config_string(c, "_class_name", NULL, text, 5);
    assert_string_equal(text, "UNet");
    i2v_config_string(c, "none", "silu", text, sizeof text);
    assert_string_equal(text, "silu");
    i2v_config_string(c, "missing", NULL, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(i2v_config_ints(c, "channels", ints, 3, 320, 1280), 3);
    assert_true(ints[0] == 320 && ints[1] == 640 && ints[2] == 1280);
    assert_int_equal(i2v_config_ints(c, "one", ints, 3, 0, 9), 1);
    assert_int_equal(ints[0], 7);
    assert_int_equal(i2v_config_ints(c, "none", ints, 3, 0, 9), 0);
    assert_int_equal(i2v_config_ints(c, "empty", ints, 0, 0, 9), 0);
    assert_int_equal(i2v_config_doubles(c, "halves", doubles, 2), 2);
    assert_true(doubles[0] == 0.5 && doubles[1] == 1);
    assert_int_equal(i2v_config_doubles(c, "ratio", doubles, 2), 1);
    assert_true(doubles[0] == 0.25);
    assert_int_equal(i2v_config_length(c, "types"), 2);
    assert_int_equal(i2v_config_length(c, "missing"), 0);
    i2v_config_string_at(c, "types", 1, text, sizeof text);
    assert_string_equal(text, "Up");
    assert_true(i2v_config_has(c, "flag") && !i2v_config_has(c, "none") && !i2v_config_has(c, "missing"));
    i2v_error error = {0};
    assert_int_equal(i2v_config_close(c, &error), I2V_OK);
    assert_string_equal(error.message, "");
}

/* The config is closed: its one failure names the file and says `part`. */
static void expect_config_failure(i2v_config *config, const char *part) {
    i2v_error error = {0};
    assert_int_equal(i2v_config_close(config, &error), I2V_ERROR_MODEL);
    assert_says(&error, I2V_ERROR_MODEL, "/config.json: ");
    assert_says(&error, I2V_ERROR_MODEL, part);
}

static void refuses_wrong_numbers(void **state) {
    (void)state;
    static const struct {
        const char *key;
        int low, high;
        const char *part;
    } ints[] = {
        {"in_channels", 9, 20, "in_channels is 8, expected 9 to 20"},
        {"in_channels", 0, 7, "in_channels is 8, expected 0 to 7"},
        {"big", 0, 2147483647, "big is 9000000000000000000, expected 0 to 2147483647"},
        {"ratio", 0, 9, "ratio is a fraction, expected an integer"},
        {"flag", 0, 9, "flag is true or false, expected an integer"},
        {"channels", 0, 9, "channels is an array, expected an integer"},
        {"inner", 0, 9, "inner is an object, expected an integer"},
        {"_class_name", 0, 9, "_class_name is a string, expected an integer"},
    };
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        i2v_config *c = open_config();
        assert_int_equal(i2v_config_int(c, ints[i].key, -3, ints[i].low, ints[i].high), -3);
        expect_config_failure(c, ints[i].part);
    }
    i2v_config *c = open_config();
    assert_true(i2v_config_double(c, "ratio", -3, 0.5, 1) == -3);
    assert_int_equal(i2v_config_int(c, "in_channels", 5, 10, 20), 5); /* the first failure stays */
    expect_config_failure(c, "ratio is 0.25, expected 0.5 to 1");
    c = open_config();
    assert_true(i2v_config_double(c, "wide", -3, 0, 1e299) == -3);
    expect_config_failure(c, "wide is 1e+300");
    c = open_config();
    assert_true(i2v_config_double(c, "types", -3, 0, 1) == -3);
    expect_config_failure(c, "types is an array, expected a number");
    c = open_config();
    assert_int_equal(i2v_config_bool(c, "in_channels", 1), 1);
    expect_config_failure(c, "in_channels is an integer, expected true or false");
}

static void refuses_wrong_strings_and_arrays(void **state) {
    (void)state;
    static const struct {
        const char *key, *part;
        int index; /* -1: i2v_config_string */
    } strings[] = {
        {"in_channels", "in_channels is an integer, expected a string", -1},
        {"_class_name", "_class_name is longer than 3 characters", -1},
        {"escape", "escape holds control characters", -1},
        {"types", "types[2] is missing, expected a string", 2},
        {"types", "types[0] is longer than 3 characters", 0},
        {"channels", "channels[0] is an integer, expected a string", 0},
        {"missing", "missing[0] is missing, expected a string", 0},
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        char text[4] = "?";
        i2v_config *c = open_config();
        if (strings[i].index < 0)
            i2v_config_string(c, strings[i].key, "abc", text, sizeof text);
        else
            i2v_config_string_at(c, strings[i].key, strings[i].index, text, sizeof text);
        assert_string_equal(text, strings[i].index < 0 ? "abc" : "");
        expect_config_failure(c, strings[i].part);
    }
    static const char *const arrays[][2] = {
        {"nested", "nested[0] is an array, expected an integer"},
        {"holes", "holes[1] is null, expected an integer"},
        {"flag", "flag is true or false, expected an integer"},
        {"halves", "halves[0] is a fraction, expected an integer"},
        {"channels", "channels has 3 entries, expected at most 2"},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        int values[2];
        i2v_config *c = open_config();
        i2v_config_ints(c, arrays[i][0], values, 2, 0, 10);
        expect_config_failure(c, arrays[i][1]);
    }
    double doubles[2];
    i2v_config *c = open_config();
    i2v_config_doubles(c, "types", doubles, 2);
    expect_config_failure(c, "types[0] is a string, expected a number");
    c = open_config();
    assert_int_equal(i2v_config_length(c, "inner"), 0);
    expect_config_failure(c, "inner is an object, expected an array");
    c = open_config();
    i2v_config_fail(c, "act_fn %s is not supported", "mish");
    i2v_config_fail(c, "second");
    expect_config_failure(c, ": act_fn mish is not supported");
}

static void refuses_wrong_config_files(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "it is empty"},
        {"[1]", "no object"},
        {"3", "a text that begins with \"3\""},
        {"{\"a\":1,\n\"b\" 2}", "damaged JSON in line 2"},
        {"{\"a\":99999999999999999999}", "damaged JSON"},
        {"{\"a\":1e999}", "damaged JSON"},
        {"{\"a\":NaN}", "damaged JSON"},
        {"{\"a\":\"\xc3\x28\"}", "damaged JSON"},
        {"{} trailing", "damaged JSON"},
    };
    i2v_config *config = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        i2v_error error = {0};
        write_text("config.json", cases[i][0]);
        assert_int_equal(i2v_config_open(&config, in_folder("config.json"), &error), I2V_ERROR_MODEL);
        assert_null(config);
        assert_says(&error, I2V_ERROR_MODEL, "/config.json: ");
        assert_says(&error, I2V_ERROR_MODEL, cases[i][1]);
    }
    i2v_error error = {0};
    assert_int_equal(i2v_config_open(&config, in_folder("nothing.json"), &error), I2V_ERROR_IO);
    assert_says(&error, I2V_ERROR_IO, "nothing.json");
    assert_int_equal(i2v_config_open(&config, folder, NULL), I2V_ERROR_IO);
    char *deep = calloc(1, 100006);
    assert_non_null(deep);
    memset(deep, '[', 100005);
    memcpy(deep, "{\"a\":", 5);
    write_text("config.json", deep);
    free(deep);
    i2v_config_open(&config, in_folder("config.json"), &error);
    assert_says(&error, I2V_ERROR_MODEL, "nested more than 64 deep");
    assert_int_equal(truncate(in_folder("config.json"), (16 << 20) + 1), 0);
    assert_int_not_equal(i2v_config_open(&config, in_folder("config.json"), &error), I2V_OK);
    assert_non_null(strstr(error.message, "16 MiB"));
}

static void accepts_no_config(void **state) {
    (void)state;
    char text[8];
    int values[1];
    double doubles[1];
    i2v_config_string(NULL, "a", "abc", text, sizeof text);
    assert_string_equal(text, "abc");
    i2v_config_string_at(NULL, "a", 0, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(i2v_config_int(NULL, "a", 3, 0, 1), 3);
    assert_true(i2v_config_double(NULL, "a", 3, 0, 1) == 3);
    assert_int_equal(i2v_config_bool(NULL, "a", 1), 1);
    assert_int_equal(i2v_config_ints(NULL, "a", values, 1, 0, 1), 0);
    assert_int_equal(i2v_config_doubles(NULL, "a", doubles, 1), 0);
    assert_int_equal(i2v_config_length(NULL, "a"), 0);
    assert_int_equal(i2v_config_has(NULL, "a"), 0);
    i2v_config_fail(NULL, "unheard");
    assert_int_equal(i2v_config_close(NULL, NULL), I2V_OK);
}

/* ---- binder ----------------------------------------------------------------------------------------------------- */

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
    expect_bind_failure(two, 1, name, "whose name is too long, nnn"); /* a cut one could be there */
}

/* ---- output files ----------------------------------------------------------------------------------------------- */

static void output_files_appear_whole(void **state) {
    (void)state;
    mode_t mask = umask(027);
    char path[1024];
    snprintf(path, sizeof path, "%s", in_folder("a %d.video.mp4"));
    i2v_output_file file, other;
    assert_int_equal(i2v_output_file_begin(&file, path, NULL), I2V_OK);
    assert_int_equal(i2v_output_file_begin(&other, path, NULL), I2V_OK);
    assert_int_equal(umask(mask), 027);
    assert_string_not_equal(file.temporary, other.temporary);
    assert_string_equal(strrchr(file.temporary, '.'), ".mp4");
    assert_false(i2v_is_file(path));
    assert_int_equal(i2v_output_file_commit(&file, NULL), I2V_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    i2v_output_file_abort(&other);
    i2v_output_file_abort(&other);
    assert_int_equal(count_files(), 1);
    assert_int_equal(i2v_output_file_check(in_folder("plain"), 0, NULL), I2V_OK);
    assert_int_equal(count_files(), 1);
    i2v_error error = {0};
    assert_int_equal(i2v_output_file_begin(&file, in_folder("no/where.mp4"), &error), I2V_ERROR_IO);
    assert_says(&error, I2V_ERROR_IO, "no/where.mp4");
    assert_int_equal(i2v_output_file_begin(&file, folder, &error), I2V_ERROR_IO);
    assert_says(&error, I2V_ERROR_IO, "it is a folder");
    assert_null(file.temporary);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(reads_every_floating_dtype),
        TEST(describes_its_tensors),
        TEST(names_a_common_dtype),
        TEST(widens_every_f16),
        TEST(widens_every_bf16),
        TEST(prefers_plain_files),
        TEST(widens_every_byte),
        TEST(scales_bytes),
        TEST(refuses_other_quantisation),
        TEST(says_what_was_looked_for),
        TEST(reads_shards),
        TEST(refuses_wrong_shards),
        TEST(refuses_wrong_indices),
        TEST(refuses_wrong_headers),
        TEST(refuses_wrong_tensors),
        TEST(refuses_overlaps_and_gaps),
        TEST(refuses_duplicate_names),
        TEST(survives_damaged_weights),
        TEST(survives_damaged_indices),
        TEST(survives_damaged_configs),
        TEST(reads_configurations),
        TEST(refuses_wrong_numbers),
        TEST(refuses_wrong_strings_and_arrays),
        TEST(refuses_wrong_config_files),
        TEST(accepts_no_config),
        TEST(binds_names_and_shapes),
        TEST(names_leftover_tensors),
        TEST(refuses_what_does_not_fit),
        TEST(output_files_appear_whole),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
