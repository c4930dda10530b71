/* Arrays of types that are not read are told how to become such. */
#include "media/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* numpy.save of two values of the type. */
static i2v_status load_type(const char *descr, i2v_error *error) {
    char path[] = "/tmp/img2vid-test-XXXXXX", header[128] = {0};
    int descriptor = mkstemp(path), ndim;
    assert_true(descriptor >= 0);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    int length =
        snprintf(header + 10, sizeof header - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", descr);
    memset(header + 10 + length, ' ', sizeof header - 10 - (size_t)length);
    header[127] = '\n';
    assert_int_equal(write(descriptor, header, sizeof header), sizeof header);
    assert_int_equal(write(descriptor, "\0\0\0\0", 4), 4);
    close(descriptor);
    float *data = NULL;
    int64_t shape[8];
    i2v_status status = i2v_array_load(path, &data, shape, &ndim, error);
    i2v_array_free(data);
    unlink(path);
    return status;
}

/* NumPy knows no bfloat16 and saves it as two bytes of nothing, which astype cannot read. */
static void test_bfloat16_is_told_a_way(void **state) {
    i2v_error error;
    assert_int_equal(load_type("|V2", &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "(array.view('<u2').astype('<u4') << 16).view('<f4')"));
    assert_int_equal(load_type("<V2", &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "bfloat16"));
    assert_int_equal(load_type("<u8", &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "array.astype('<f4')"));
}

/* A version 2 header, whose length has 32 bits, of any length that is there. */
static void test_long_headers(void **state) {
    static const size_t lengths[] = {100, 70000, (1 << 20) + 1};
    for (size_t i = 0; i < 3; i++) {
        char path[] = "/tmp/img2vid-test-XXXXXX";
        size_t size = 12 + lengths[i] + 8;
        uint8_t *file = calloc(1, size);
        assert_non_null(file);
        memset(file + 12, ' ', lengths[i]);
        memcpy(file, "\x93NUMPY\x02\x00", 8);
        for (int byte = 0; byte < 4; byte++) file[8 + byte] = (uint8_t)(lengths[i] >> 8 * byte);
        static const char text[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        memcpy(file + 12, text, sizeof text - 1);
        file[size - 5] = 0x3f, file[size - 6] = 0x80; /* 1.0 */
        int descriptor = mkstemp(path), ndim;
        assert_int_equal(write(descriptor, file, size), size);
        close(descriptor);
        free(file);
        float *data = NULL;
        int64_t shape[8];
        i2v_error error;
        i2v_status status = i2v_array_load(path, &data, shape, &ndim, &error);
        assert_int_equal(status, i < 2 ? I2V_OK : I2V_ERROR_FORMAT);
        if (data) assert_true(ndim == 1 && shape[0] == 2 && data[0] == 1.0f && data[1] == 0.0f);
        i2v_array_free(data);
        unlink(path);
    }
}

/* An array whose file was exchanged since its shape was looked at is not loaded, and the hash is of the whole file. */
static void test_the_same_shape(void **state) {
    char path[] = "/tmp/img2vid-test-XXXXXX", of_array[I2V_SHA256_SIZE], of_file[I2V_SHA256_SIZE];
    static const float values[3000] = {1, 2, 3};
    const int64_t shape[] = {2, 1500}, other[] = {3, 1000}, flat[] = {3000};
    close(mkstemp(path)); /* Windows replaces no file that is open */
    i2v_error error = {0};
    float *data;
    assert_int_equal(i2v_array_save(path, values, shape, 2, NULL), I2V_OK);
    FILE *file = fopen(path, "ab"); /* what follows the values is no part of the array, but of the file */
    assert_non_null(file);
    for (int i = 0; i < 9000; i++) fputc('x', file);
    fclose(file);
    assert_int_equal(i2v_array_load_same(path, &data, shape, 2, of_array, &error), I2V_OK);
    assert_memory_equal(data, values, sizeof values);
    i2v_array_free(data);
    assert_int_equal(i2v_file_sha256(path, of_file, NULL), I2V_OK);
    assert_string_equal(of_array, of_file);
    assert_int_equal(i2v_array_load_same(path, &data, other, 2, of_array, &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "has changed while it was in use"));
    assert_null(data);
    assert_string_equal(of_array, "");
    assert_int_equal(i2v_array_load_same(path, &data, flat, 1, of_array, &error), I2V_ERROR_IO);
    assert_null(data);
    unlink(path);
}

/* Sizes whose product is beyond memory are no array's, although one beside them is 0: a caller multiplies them. */
static void test_empty_and_huge(void **state) {
    static const int64_t shape[] = {777777777777, 7777777777, 0};
    char path[] = "/tmp/img2vid-test-XXXXXX", header[128] = "\x93NUMPY\x01\x00\x76";
    memset(header + 10, ' ', sizeof header - 10);
    static const char text[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (777777777777, 7777777777, 0), }";
    memcpy(header + 10, text, sizeof text - 1);
    int descriptor = mkstemp(path), ndim;
    assert_int_equal(write(descriptor, header, sizeof header), sizeof header);
    close(descriptor);
    int64_t found[8];
    i2v_error error = {0};
    assert_int_equal(i2v_array_shape(path, found, &ndim, &error), I2V_ERROR_FORMAT);
    assert_int_not_equal(i2v_array_save(path, (float[]){0}, shape, 3, &error), I2V_OK);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bfloat16_is_told_a_way),
                                       cmocka_unit_test(test_long_headers), cmocka_unit_test(test_the_same_shape),
                                       cmocka_unit_test(test_empty_and_huge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
