/* Safetensors files that a test writes and opens. */
#include "weight_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *make_safetensors(const char *header, const void *data, size_t data_size, size_t *size) {
    uint64_t length = strlen(header);
    *size = 8 + length + data_size;
    uint8_t *file = malloc(*size);
    assert_non_null(file);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    if (data_size) memcpy(file + 8 + length, data, data_size);
    return file;
}

void write_safetensors(const char *name, const char *header, const void *data, size_t data_size) {
    size_t size;
    uint8_t *file = make_safetensors(header, data, data_size, &size);
    write_file(name, file, size);
    free(file);
}

void write_one(const char *name, const char *tensor, float value) {
    char header[256];
    snprintf(header, sizeof header, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", tensor);
    write_safetensors(name, header, &value, sizeof value);
}

i2v_weights *open_variant(const char *variant) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    if (i2v_weights_open(&weights, folder, STEM, variant, &error) != I2V_OK) fail_msg("%s", error.message);
    return weights;
}

void expect_refused_as(i2v_status status, const char *one, const char *two) {
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    assert_int_equal(i2v_weights_open(&weights, folder, STEM, NULL, &error), status);
    assert_says(&error, status, PLAIN);
    assert_says(&error, status, one);
    if (two) assert_says(&error, status, two);
}

void expect_refused(const char *variant, const char *one, const char *two) {
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

void expect_header_refused(const char *header, size_t data_size, const char *one, const char *two) {
    static const uint8_t zeros[64];
    assert_true(data_size <= sizeof zeros);
    write_safetensors(PLAIN, header, zeros, data_size);
    expect_refused(NULL, PLAIN ": ", one);
    if (two) expect_refused(NULL, two, NULL);
}

float value_of(const i2v_weights *weights, const char *name) {
    float value = -1;
    const i2v_weight *weight = i2v_weights_find(weights, name);
    assert_non_null(weight);
    i2v_weight_read_f32(weight, 0, 1, &value);
    return value;
}

const char *const mixed_header = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"b.half\":{\"dtype\":\"F16\",\"shape\":[2,1,3],\"data_offsets\":[12,24]},"
                                 "\"a.full\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
                                 "\"ids\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[28,44]},"
                                 "\"c.brain\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[24,28]},"
                                 "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[24,24]},"
                                 "\"scalar\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[44,48]}}";

uint8_t *make_mixed(size_t *size) {
    uint8_t data[48] = {0};
    const float full[3] = {1.5f, -2.25f, 1e-30f}, scalar = 42;
    const uint16_t half[6] = {0x3c00, 0xc000, 0x0001, 0x8001, 0x7bff, 0x7c00}, brain[2] = {0x3f80, 0xff80};
    memcpy(data, full, 12);
    memcpy(data + 12, half, 12);
    memcpy(data + 24, brain, 4);
    memcpy(data + 44, &scalar, 4);
    return make_safetensors(mixed_header, data, sizeof data, size);
}

i2v_weights *open_mixed(void) {
    size_t size;
    uint8_t *file = make_mixed(&size);
    write_file(PLAIN, file, size);
    free(file);
    return open_variant(NULL);
}
