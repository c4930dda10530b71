/* Values of weights: every pattern of the narrow dtypes widened to float32, and scales of weights of one byte. */
#include "weight_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(widens_every_f16), IN_FOLDER(widens_every_bf16),          IN_FOLDER(widens_every_byte),
        IN_FOLDER(scales_bytes),     IN_FOLDER(refuses_other_quantisation),
    };
    return cmocka_run_group_tests_name("weights_values", tests, NULL, NULL);
}
