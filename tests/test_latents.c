/* Files of latents: NumPy's, and ComfyUI's .latent in both of its versions; damaged ones. */
#include "img2vid/img2vid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_NAME "latents.latent"
#define TENSOR "\"latent_tensor\":{\"dtype\":\"F32\",\"shape\":[1,4,1,2],\"data_offsets\":[0,32]}"
#define VERSION "\"latent_format_version_0\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"

static const float values[8] = {1, -2, 3.5f, 0, 1e-3f, -7, 8, 100};

/* header: of safetensors, then `size` bytes of data. */
static void write_file(const char *header, const void *data, size_t size) {
    FILE *file = fopen(FILE_NAME, "wb");
    assert_non_null(file);
    uint64_t length = strlen(header);
    assert_int_equal(fwrite(&length, sizeof length, 1, file), 1);
    assert_int_equal(fwrite(header, 1, length, file), length);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void expect_latents(float factor, float tolerance) {
    int64_t shape[8], other[4] = {1, 4, 2, 1};
    int ndim = -1;
    char read[I2V_SHA256_SIZE], whole[I2V_SHA256_SIZE];
    float *data = NULL;
    i2v_error error = {0};
    assert_int_equal(i2v_latents_shape(FILE_NAME, shape, &ndim, NULL), I2V_OK);
    assert_true(ndim == 4 && shape[0] == 1 && shape[1] == 4 && shape[2] == 1 && shape[3] == 2);
    assert_int_equal(i2v_latents_load(FILE_NAME, &data, other, 4, NULL, &error), I2V_ERROR_IO);
    assert_null(data);
    if (i2v_latents_load(FILE_NAME, &data, shape, ndim, read, &error)) fail_msg("%s", error.message);
    assert_int_equal(i2v_file_sha256(FILE_NAME, whole, NULL), I2V_OK);
    assert_string_equal(read, whole);
    for (int i = 0; i < 8; i++) assert_float_equal(data[i], values[i] * factor, tolerance);
    i2v_array_free(data);
}

static void refused(i2v_status wanted, const char *message) {
    int64_t shape[8] = {1, 4, 1, 2};
    int ndim;
    float *data = (float *)1;
    i2v_error error = {0};
    assert_int_equal(i2v_latents_load(FILE_NAME, &data, shape, 4, NULL, &error), wanted);
    assert_null(data);
    if (!strstr(error.message, message)) fail_msg("'%s' lacks '%s'", error.message, message);
    assert_non_null(strstr(error.message, FILE_NAME));
    error.message[0] = 0;
    assert_int_equal(i2v_latents_shape(FILE_NAME, shape, &ndim, &error), wanted);
    assert_non_null(strstr(error.message, message));
}

/* Those that SaveLatent writes now are what the VAE decodes; those of old are scaled. */
static void both_versions(void **state) {
    (void)state;
    write_file("{\"__metadata__\":{\"prompt\":\"\"}," VERSION TENSOR "}", values, sizeof values);
    expect_latents(0.18215f, 1e-5f);
    write_file("{" TENSOR "}", values, sizeof values);
    expect_latents(1, 0);
    unlink(FILE_NAME);
}

static void halves_are_widened(void **state) {
    (void)state;
    uint16_t halves[8];
    uint32_t bits;
    for (int i = 0; i < 8; i++) {
        memcpy(&bits, &values[i], sizeof bits);
        halves[i] = (uint16_t)(bits >> 16); /* bfloat16, cut */
    }
    write_file("{\"latent_tensor\":{\"dtype\":\"BF16\",\"shape\":[1,4,1,2],\"data_offsets\":[0,16]}}", halves, 16);
    expect_latents(1, 1e-2f);
    unlink(FILE_NAME);
}

static void others_are_refused(void **state) {
    (void)state;
    write_file("{\"samples\":{\"dtype\":\"F32\",\"shape\":[8],\"data_offsets\":[0,32]}}", values, 32);
    refused(I2V_ERROR_FORMAT, "it has no latent_tensor");
    write_file("{\"latent_tensor\":{\"dtype\":\"I64\",\"shape\":[1,4,1,1],\"data_offsets\":[0,32]}}", values, 32);
    refused(I2V_ERROR_UNSUPPORTED, "latents of type I64");
    write_file("{" TENSOR "}", values, 31);
    refused(I2V_ERROR_MODEL, "truncated or damaged");
    write_file("{\"latent_tensor\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,32]}}",
               values, 32);
    refused(I2V_ERROR_MODEL, "more elements than can be counted");
    write_file("no JSON", values, 0);
    refused(I2V_ERROR_MODEL, FILE_NAME);
    unlink(FILE_NAME);
    refused(I2V_ERROR_IO, FILE_NAME);
}

/* By its ending: any other name is an array's. */
static void arrays(void **state) {
    (void)state;
    const int64_t shape[4] = {1, 4, 1, 2};
    int64_t found[8];
    int ndim = 0;
    float *data = NULL;
    i2v_error error;
    assert_int_equal(i2v_array_save("latents.npy", values, shape, 4, NULL), I2V_OK);
    assert_int_equal(i2v_latents_load("latents.npy", &data, shape, 4, NULL, NULL), I2V_OK);
    assert_int_equal(i2v_latents_shape("latents.npy", found, &ndim, NULL), I2V_OK);
    assert_true(ndim == 4 && memcmp(found, shape, sizeof shape) == 0 && memcmp(data, values, sizeof values) == 0);
    i2v_array_free(data);
    assert_int_equal(rename("latents.npy", FILE_NAME), 0);
    assert_int_not_equal(i2v_latents_load(FILE_NAME, &data, shape, 4, NULL, &error), I2V_OK);
    assert_null(data);
    unlink(FILE_NAME);
}

int main(void) {
    char folder[] = "/tmp/img2vid-latents-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions),
        cmocka_unit_test(halves_are_widened),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(arrays),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (rmdir(folder) != 0) return 1;
    return failed;
}
