/* Pictures of every kind equal Pillow's, by hash (tests/data/media/expected.txt, made by
 * tools/make_media_reference.py), arrays equal NumPy's files, and damaged files give an error or a result. */
#include "media/media.h"

#include "base/file.h"
#include "expected_pictures.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MEDIA I2V_TEST_DATA "/media/"

/* ---- pictures against Pillow ------------------------------------------------------------------------------------ */

static void test_pictures_equal_pillow(void **state) {
    FILE *list = expected_open(MEDIA);
    expected item;
    int pictures = 0, differences = 0;
    for (; expected_next(list, MEDIA, &item); pictures++) {
        differences += expected_differs(&item, I2V_ALPHA_DROP, item.drop);
        differences += expected_differs(&item, I2V_ALPHA_WHITE, item.white);
    }
    fclose(list);
    assert_true(pictures >= 70);
    assert_int_equal(differences, 0);
}

/* ---- hostile pictures ------------------------------------------------------------------------------------------- */

static uint32_t random_next(uint32_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Where stderr goes while a picture is loaded: the libraries underneath like to talk. */
static FILE *printed;

static i2v_status load_quietly(i2v_image **image, const void *data, size_t size, i2v_error *error) {
    if (!printed) printed = tmpfile();
    assert_non_null(printed);
    int terminal = dup(STDERR_FILENO);
    dup2(fileno(printed), STDERR_FILENO);
    i2v_status status = i2v_image_load_memory(image, data, size, I2V_ALPHA_WHITE, error);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    struct stat info;
    assert_int_equal(fstat(fileno(printed), &info), 0);
    if (info.st_size) fail_msg("the library printed to stderr");
    return status;
}

/* From a buffer of exactly this size, so that AddressSanitizer sees a read beyond its end. got is the pixels' hash. */
static i2v_status load_hash(const uint8_t *data, size_t size, char got[17], i2v_error *error) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size) memcpy(copy, data, size);
    i2v_image *image = NULL;
    i2v_status status = load_quietly(&image, copy, size, error);
    assert_true((image != NULL) == (status == I2V_OK));
    if (image) assert_true(image->width > 0 && image->height > 0);
    if (image) expected_hash(image, got);
    if (status) assert_true(status == error->status && error->message[0]);
    i2v_image_free(image);
    free(copy);
    return status;
}

static i2v_status load_exact(const uint8_t *data, size_t size, i2v_error *error) {
    char got[17];
    return load_hash(data, size, got, error);
}

/* Every file cut at 40 places: never a crash, and an error wherever pixels are missing. */
static void test_truncated_pictures(void **state) {
    FILE *list = expected_open(MEDIA);
    expected item;
    i2v_error error;
    while (expected_next(list, MEDIA, &item)) {
        uint8_t *data = NULL;
        size_t size = 0;
        assert_int_equal(i2v_file_read(&data, &size, item.path, I2V_FILE_MAX_BYTES, NULL), I2V_OK);
        for (size_t i = 0; i < 40; i++) {
            size_t cut = i * size / 40;
            char got[17];
            if (load_hash(data, cut, got, &error) == I2V_OK && strcmp(got, item.white) != 0) {
                fail_msg("%s cut to %zu of %zu bytes gives another picture", item.file, cut, size);
            }
        }
        free(data);
    }
    fclose(list);
}

static void test_flipped_pictures(void **state) {
    FILE *list = expected_open(MEDIA);
    expected item;
    i2v_error error;
    uint32_t seed = 2463534242u;
    int errors = 0;
    while (expected_next(list, MEDIA, &item)) {
        uint8_t *data = NULL;
        size_t size = 0;
        assert_int_equal(i2v_file_read(&data, &size, item.path, I2V_FILE_MAX_BYTES, NULL), I2V_OK);
        int rounds = size < 10000 ? 400 : 10;
        for (int i = 0; i < rounds; i++) {
            size_t places[3];
            uint8_t before[3];
            for (int j = 0; j < 3; j++) { /* headers are where it hurts: half of the hits */
                places[j] = random_next(&seed) % (random_next(&seed) & 1 && size > 64 ? 64 : size);
                before[j] = data[places[j]];
                data[places[j]] ^= (uint8_t)(1u << random_next(&seed) % 8);
            }
            errors += load_exact(data, size, &error) != I2V_OK;
            for (int j = 2; j >= 0; j--) data[places[j]] = before[j];
        }
        assert_int_equal(load_exact(data, size, &error), I2V_OK); /* all was put back */
        free(data);
    }
    fclose(list);
    assert_true(errors > 2000);
}

static void test_refused_pictures(void **state) {
    i2v_error error;
    i2v_image *image = NULL;
    assert_int_equal(load_exact((const uint8_t *)"", 0, &error), I2V_ERROR_FORMAT);
    assert_string_equal(error.message, "the picture is empty; copy or download it again");
    assert_int_equal(load_exact((const uint8_t *)"#EXTM3U\nfile:///etc/passwd\n", 27, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "is not a picture"));
    assert_int_equal(i2v_image_load(&image, MEDIA "expected.txt", I2V_ALPHA_WHITE, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "expected.txt is not a picture"));
    assert_int_equal(i2v_image_load(&image, MEDIA "absent.png", I2V_ALPHA_WHITE, &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "absent.png"));
    assert_int_equal(i2v_image_load(&image, MEDIA, I2V_ALPHA_WHITE, NULL), I2V_ERROR_IO);
    assert_int_equal(i2v_image_load_memory(&image, NULL, 5, I2V_ALPHA_WHITE, &error), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_image_load_memory(&image, "", I2V_FILE_MAX_BYTES + 1, I2V_ALPHA_WHITE, &error),
                     I2V_ERROR_FORMAT);
    assert_null(image);
}

static void put_u32_le(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> 8 * i);
}

/* A BMP of 1 bit a pixel, all zero: small files for large sizes. */
static i2v_status load_bmp_of_size(uint32_t width, uint32_t height, i2v_error *error) {
    size_t stride = ((size_t)width + 31) / 32 * 4, size = 62 + stride * height;
    uint8_t *data = calloc(1, size);
    assert_non_null(data);
    memcpy(data, "BM", 2);
    put_u32_le(data + 2, (uint32_t)size);
    put_u32_le(data + 10, 62);
    put_u32_le(data + 14, 40);
    put_u32_le(data + 18, width);
    put_u32_le(data + 22, height);
    data[26] = 1;
    data[28] = 1;
    i2v_status status = load_exact(data, size, error);
    free(data);
    return status;
}

/* Extra bytes after the size in a JPEG's frame header make no difference: the size is refused first. */
static i2v_status load_jpeg_of_size(unsigned width, unsigned height, i2v_error *error) {
    uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(i2v_file_read(&data, &size, MEDIA "grey.jpg", I2V_FILE_MAX_BYTES, NULL), I2V_OK);
    uint8_t *frame = data;
    while (frame[0] != 0xff || frame[1] != 0xc0) frame++;
    frame[5] = (uint8_t)(height >> 8);
    frame[6] = (uint8_t)height;
    frame[7] = (uint8_t)(width >> 8);
    frame[8] = (uint8_t)width;
    i2v_status status = load_exact(data, size, error);
    free(data);
    return status;
}

static void test_size_limits(void **state) {
    i2v_error error;
    assert_int_equal(load_bmp_of_size(200, 1, &error), I2V_OK);
    assert_int_equal(load_bmp_of_size(201, 1, &error), I2V_ERROR_FORMAT);
    assert_int_equal(load_bmp_of_size(1, 30000, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "1 x 30000"));
    assert_int_equal(load_bmp_of_size(40000, 300, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "too large"));
    assert_int_equal(load_jpeg_of_size(65500, 65500, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "too large: 65500 x 65500"));
    assert_int_equal(load_jpeg_of_size(20000, 20000, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "too large: 20000 x 20000"));
    assert_int_equal(load_jpeg_of_size(0, 45, &error), I2V_ERROR_FORMAT);
}

/* ---- arrays ----------------------------------------------------------------------------------------------------- */

/* A folder of this test's own; every test leaves it empty. */
static char folder[] = "/tmp/img2vid-test-media-XXXXXX";

static const char *in_folder(char path[128], const char *name) {
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

static int files_in_folder(void) {
    int files = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        files += entry->d_name[0] != '.' || entry->d_name[1] == 'i';
    closedir(directory);
    return files;
}

static void test_array_round_trip(void **state) {
    const int64_t shapes[][8] = {{0}, {6}, {2, 3}, {1, 1, 1, 1, 1, 1, 2, 3}, {4, 0, 3}};
    const int ndims[] = {0, 1, 2, 8, 3};
    const size_t counts[] = {1, 6, 6, 6, 0};
    const float values[6] = {1.5f, -0.0f, INFINITY, 1e-42f, 3e38f, NAN};
    char path[128];
    in_folder(path, "a.npy");
    for (int i = 0; i < 5; i++) {
        float *loaded = NULL;
        int64_t shape[8] = {-1};
        int ndim = -1;
        assert_int_equal(i2v_array_save(path, values, shapes[i], ndims[i], NULL), I2V_OK);
        assert_int_equal(i2v_array_load(path, &loaded, shape, &ndim, NULL), I2V_OK);
        assert_int_equal(ndim, ndims[i]);
        assert_memory_equal(shape, shapes[i], (size_t)ndim * sizeof *shape);
        if (counts[i]) assert_memory_equal(loaded, values, counts[i] * sizeof *values);
        i2v_array_free(loaded);
    }
    assert_int_equal(files_in_folder(), 1); /* no temporary file is left */
    unlink(path);
}

/* numpy.save(..., numpy.arange(6, dtype="<f4").reshape(2, 3)), byte for byte. */
static void test_array_equals_numpy(void **state) {
    char path[128];
    const int64_t shape[] = {2, 3};
    const float values[6] = {0, 1, 2, 3, 4, 5};
    uint8_t *ours = NULL, *numpys = NULL;
    size_t our_size = 0, numpy_size = 0;
    assert_int_equal(i2v_array_save(in_folder(path, "b.npy"), values, shape, 2, NULL), I2V_OK);
    assert_int_equal(i2v_file_read(&ours, &our_size, path, I2V_FILE_MAX_BYTES, NULL), I2V_OK);
    assert_int_equal(i2v_file_read(&numpys, &numpy_size, MEDIA "f4.npy", I2V_FILE_MAX_BYTES, NULL), I2V_OK);
    assert_int_equal(our_size, numpy_size);
    assert_memory_equal(ours, numpys, our_size);
    free(ours);
    free(numpys);
    unlink(path);
}

/* NumPy's own files: other types and versions are converted, what would be misread is refused. */
static void test_arrays_of_numpy(void **state) {
    const char *readable[] = {"f4.npy", "f8.npy", "f2.npy", "f4_v2.npy", "f4_v3.npy"};
    float *data = NULL;
    int64_t shape[8];
    int ndim = 0;
    i2v_error error;
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        char path[512];
        snprintf(path, sizeof path, MEDIA "%s", readable[i]);
        assert_int_equal(i2v_array_load(path, &data, shape, &ndim, NULL), I2V_OK);
        assert_int_equal(ndim, 2);
        assert_true(shape[0] == 2 && shape[1] == 3);
        for (int j = 0; j < 6; j++) assert_true(data[j] == (float)j);
        i2v_array_free(data);
    }
    assert_int_equal(i2v_array_load(MEDIA "f2_special.npy", &data, shape, &ndim, NULL), I2V_OK);
    const float special[] = {-0.0f, 5.9604645e-8f, -6.0975552e-5f, 65504.0f, -INFINITY, 0.33325195f};
    for (int j = 0; j < 6; j++) assert_true(data[j] == special[j] && signbit(data[j]) == signbit(special[j]));
    assert_true(isnan(data[6]));
    i2v_array_free(data);
    assert_int_equal(i2v_array_load(MEDIA "fortran.npy", &data, shape, &ndim, &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "Fortran"));
    assert_int_equal(i2v_array_load(MEDIA "i8.npy", &data, shape, &ndim, &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "<i8"));
    assert_int_equal(i2v_array_load(MEDIA "big_endian.npy", &data, shape, &ndim, &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, ">f4"));
    assert_int_equal(i2v_array_load(MEDIA "record.npy", &data, shape, &ndim, &error), I2V_ERROR_UNSUPPORTED);
    assert_int_equal(i2v_array_load(MEDIA "grey.jpg", &data, shape, &ndim, &error), I2V_ERROR_FORMAT);
    assert_null(data);
}

static void write_file(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static i2v_status load_header(const char *dictionary, size_t values_size, i2v_error *error) {
    uint8_t bytes[512] = "\x93NUMPY\x01";
    char path[128];
    size_t length = strlen(dictionary);
    bytes[8] = (uint8_t)length;
    memcpy(bytes + 10, dictionary, length);
    write_file(in_folder(path, "h.npy"), bytes, 10 + length + values_size);
    float *data = NULL;
    int64_t shape[8];
    int ndim;
    i2v_status status = i2v_array_load(path, &data, shape, &ndim, error);
    assert_true((data != NULL) == (status == I2V_OK));
    i2v_array_free(data);
    unlink(path);
    return status;
}

#define HEADER(shape) "{'descr': '<f4', 'fortran_order': False, 'shape': " shape ", }"

static void test_array_headers(void **state) {
    i2v_error error;
    assert_int_equal(load_header("{\"shape\":(2,),\"descr\":\"<f4\",\"fortran_order\":False}", 8, &error), I2V_OK);
    assert_int_equal(load_header(HEADER("(2,)"), 8, &error), I2V_OK);
    assert_int_equal(load_header(HEADER("(2,)"), 12, &error), I2V_OK);
    assert_int_equal(load_header(HEADER("(2,)"), 7, &error), I2V_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "truncated"));
    const char *bad[] = {HEADER("(-2,)"),
                         HEADER("(2"),
                         HEADER("2"),
                         HEADER("(1,1,1,1,1,1,1,1,1)"),
                         HEADER("(4611686018427387904, 4)"),
                         HEADER("(99999999999999999999,)"),
                         HEADER("(9223372036854775807, 9223372036854775807)"),
                         HEADER("(1000000000,)"),
                         "{'descr': '<f4', 'shape': (2,)}",
                         "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
                         "{'descr: '<f4'",
                         "{",
                         "",
                         "{}",
                         "{'descr': '<f4'",
                         "{'a': 1}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (load_header(bad[i], 64, &error) != I2V_ERROR_FORMAT) fail_msg("%s is not refused", bad[i]);
    }
}

static void test_damaged_arrays(void **state) {
    uint8_t *data = NULL;
    size_t size = 0;
    char path[128];
    uint32_t seed = 88172645u;
    assert_int_equal(i2v_file_read(&data, &size, MEDIA "f4_v2.npy", I2V_FILE_MAX_BYTES, NULL), I2V_OK);
    in_folder(path, "d.npy");
    for (size_t i = 0; i < size + 1000; i++) {
        size_t place = random_next(&seed) % 90;
        uint8_t before = data[place];
        if (i >= size) data[place] ^= (uint8_t)(1u << random_next(&seed) % 8);
        write_file(path, data, i < size ? i : size);
        data[place] = before;
        float *values = NULL;
        int64_t shape[8];
        int ndim;
        i2v_status status = i2v_array_load(path, &values, shape, &ndim, NULL);
        if (i < size) assert_int_equal(status, I2V_ERROR_FORMAT);
        i2v_array_free(values);
    }
    free(data);
    unlink(path);
}

static void test_array_save_refusals(void **state) {
    const int64_t shape[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, negative[] = {0, -1}, huge[] = {INT64_MAX, 2};
    const float value = 1;
    char path[128];
    in_folder(path, "c.npy");
    assert_int_equal(i2v_array_save(path, &value, shape, 9, NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_array_save(path, &value, shape, -1, NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_array_save(path, &value, negative, 2, NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_array_save(path, &value, huge, 2, NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_array_save("/nonexistent/a.npy", &value, shape, 1, NULL), I2V_ERROR_IO);
    assert_int_equal(i2v_array_save(folder, &value, shape, 1, NULL), I2V_ERROR_IO);
    assert_int_equal(files_in_folder(), 0);
}

static int make_folder(void **state) {
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    if (printed) fclose(printed);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_equal_pillow), cmocka_unit_test(test_truncated_pictures),
        cmocka_unit_test(test_flipped_pictures),      cmocka_unit_test(test_refused_pictures),
        cmocka_unit_test(test_size_limits),           cmocka_unit_test(test_array_round_trip),
        cmocka_unit_test(test_array_equals_numpy),    cmocka_unit_test(test_arrays_of_numpy),
        cmocka_unit_test(test_array_headers),         cmocka_unit_test(test_damaged_arrays),
        cmocka_unit_test(test_array_save_refusals),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
