/* Pictures of the rarer formats equal Pillow's, by hash (tests/data/pictures/expected.txt, made by
 * tools/make_format_pictures.py); what cannot be read is named; damaged files give an error or a result. */
#include "media/media.h"

#include "base/file.h"
#include "expected_pictures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PICTURES I2V_TEST_DATA "/pictures/"

/* ---- against Pillow --------------------------------------------------------------------------------------------- */

static void test_formats_equal_pillow(void **state) {
    FILE *list = expected_open(PICTURES);
    expected item;
    int pictures = 0, differences = 0;
    for (; expected_next(list, PICTURES, &item); pictures++) {
        differences += expected_differs(&item, I2V_ALPHA_DROP, item.drop);
        differences += expected_differs(&item, I2V_ALPHA_WHITE, item.white);
    }
    fclose(list);
    assert_true(pictures >= 100);
    assert_int_equal(differences, 0);
}

static void test_info_tells_formats(void **state) {
    FILE *list = expected_open(PICTURES);
    expected item;
    i2v_media_info info;
    i2v_error error;
    while (expected_next(list, PICTURES, &item)) {
        if (i2v_media_probe(item.path, &info, &error)) fail_msg("%s: %s", item.file, error.message);
        if (strncmp(item.file, info.container, strlen(info.container)) != 0) {
            fail_msg("%s is told to be %s", item.file, info.container);
        }
        int is_upright = info.width == item.width && info.height == item.height;
        int is_turned = info.width == item.height && info.height == item.width; /* sizes are as stored */
        if (!is_upright && !is_turned) fail_msg("%s is told to be %d x %d", item.file, info.width, info.height);
        assert_int_equal(info.num_frames, 1);
    }
    fclose(list);
}

static void test_heic(void **state) {
    i2v_image *image = NULL;
    i2v_error error;
    i2v_status status = i2v_image_load(&image, PICTURES "picture.heic", I2V_ALPHA_WHITE, &error);
    if (status == I2V_ERROR_UNSUPPORTED) { /* built without libheif, or that without a decoder */
        assert_non_null(strstr(error.message, "picture.heic is a HEIC"));
        assert_non_null(strstr(error.message, "convert it to"));
        return;
    }
    assert_int_equal(status, I2V_OK);
    assert_int_equal(image->width, 64);
    assert_int_equal(image->height, 48);
    const double mean[3] = {39.3, 53.8, 84.2}, first_row[3] = {23.7, 38.4, 66.2};
    for (int c = 0; c < 3; c++) {
        double all = 0, first = 0;
        for (int i = 0; i < 64 * 48; i++) all += image->pixels[3 * i + c];
        for (int i = 0; i < 64; i++) first += image->pixels[3 * i + c];
        assert_true(all / (64 * 48) - mean[c] < 1 && mean[c] - all / (64 * 48) < 1);
        assert_true(first / 64 - first_row[c] < 2 && first_row[c] - first / 64 < 2);
    }
    i2v_image_free(image);
}

/* ---- named ------------------------------------------------------------------------------------------------------ */

typedef struct named_bytes {
    size_t offset; /* of the bytes in the file */
    const char *bytes;
    size_t length;
    const char *says;
} named_bytes;

#define BYTES(text) (text), sizeof(text) - 1

static const named_bytes named[] = {
    {0, BYTES(""), "the picture is empty; copy or download it again"},
    {0, BYTES("<!DOCTYPE html>\n<html><img src=a.png>"), "is a web page, not the picture on it: save the picture"},
    {0, BYTES("\xef\xbb\xbf\r\n  <HTML>"), "is a web page"},
    {0, BYTES("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "is an SVG drawing"},
    {0, BYTES("{\"error\": \"not found\"}"), "is JSON"},
    {0, BYTES("version https://git-lfs.github.com/spec/v1\noid"),
     "is a pointer of Git LFS, not the file itself: fetch"},
    {0, BYTES("8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\1\0\x10\0\3"), "is a Photoshop file that is not of 8 bits"},
    {0, BYTES("8BPB\0\2"), "is a large Photoshop file"},
    {0, BYTES("%PDF-1.7"), "is a PDF document: draw a page as PNG"},
    {0, BYTES("%!PS-Adobe-3.0 EPSF-3.0"), "is a PostScript drawing"},
    {0, BYTES("\xff\x0a\xfa"), "is a JPEG XL picture: convert it to PNG"},
    {0, BYTES("DDS \x7c\0\0\0"), "(DDS)"},
    {0, BYTES("icns\0\0\1\0"), "(ICNS)"},
    {0, BYTES("\x76\x2f\x31\x01\2\0\0\0"), "OpenEXR"},
    {0, BYTES("#?RADIANCE\n"), "(HDR)"},
    {0, BYTES("P7\nWIDTH 1\n"), "is a PAM picture"},
    {128, BYTES("DICM"), "DICOM"},
    {0, BYTES("IIU\0\x18\0\0\0"), "raw camera picture (RW2): develop it"},
    {0, BYTES("II*\0\x10\0\0\0CR\2\0"), "raw camera picture (CR2): develop it"},
    {0, BYTES("FUJIFILMCCD-RAW 0201"), "(RAF)"},
    {0,
     BYTES("\0\0\0\x18"
           "ftypcrx \0\0\0\1"),
     "(CR3)"},
    {0,
     BYTES("\0\0\0\x18"
           "ftypmp42\0\0\0\0isom"),
     "is a video (MP4 or QuickTime): take a frame"},
    {0, BYTES("\x1a\x45\xdf\xa3\1\0\0\0"), "is a video (Matroska or WebM)"},
    {0, BYTES("RIFF\0\0\0\0AVI LIST"), "is a video (AVI)"},
    {0, BYTES("PK\x03\x04\x14\0"), "ZIP archive"},
    {0, BYTES("\x93NUMPY\1\0"), "NumPy array"},
    {0, BYTES("#EXTM3U\nfile:///etc/passwd\n"), "is not a picture (PNG, JPEG, WebP, AVIF"},
};

static void test_others_are_named(void **state) {
    uint8_t data[256];
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        i2v_image *image = NULL;
        i2v_error error;
        memset(data, 'x', sizeof data);
        memcpy(data + named[i].offset, named[i].bytes, named[i].length);
        i2v_status status =
            i2v_image_load_memory(&image, data, named[i].offset + named[i].length, I2V_ALPHA_WHITE, &error);
        assert_true(status == I2V_ERROR_FORMAT || status == I2V_ERROR_UNSUPPORTED);
        assert_null(image);
        if (!strstr(error.message, named[i].says)) fail_msg("\"%s\" for \"%s\"", error.message, named[i].says);
    }
}

/* `img2vid info` says the same. */
static void test_info_names_others(void **state) {
    char path[] = "/tmp/img2vid-named-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "%PDF-1.7\n", 9), 9);
    close(file);
    i2v_media_info info;
    i2v_error error;
    assert_int_equal(i2v_media_probe(path, &info, &error), I2V_ERROR_FORMAT);
    unlink(path);
    assert_non_null(strstr(error.message, "is a PDF document: draw a page as PNG"));
}

/* ---- TIFFs that nothing here writes ---------------------------------------------------------------------------------
 */

typedef struct tiff_tag {
    uint16_t number, value;
} tiff_tag;

/* A TIFF of these tags and 64 bytes of pixels, which are where the place is 512 (tag 273). */
enum { TIFF_PIXELS = 512, TIFF_SIZE = TIFF_PIXELS + 64 };

static void make_tiff(uint8_t file[TIFF_SIZE], const tiff_tag *tags, size_t count, const uint8_t *pixels, size_t size) {
    enum { SHORT = 3 };
    memset(file, 0, TIFF_SIZE);
    memcpy(file, "II*\0\x8\0\0\0", 8);
    file[8] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const uint16_t entry[] = {tags[i].number, SHORT, 1, 0, tags[i].value};
        for (size_t k = 0; k < sizeof entry / sizeof *entry; k++) {
            file[10 + 12 * i + 2 * k] = (uint8_t)(entry[k] & 255);
            file[11 + 12 * i + 2 * k] = (uint8_t)(entry[k] >> 8);
        }
    }
    memcpy(file + TIFF_PIXELS, pixels, size);
}

/* A fourth sample beside RGB is alpha, too, where no tag says what it is: Pillow's OPEN_INFO. */
static void test_tiff_of_four_unnamed_samples(void **state) {
    static const tiff_tag tags[] = {{256, 2},           {257, 1}, {258, 8}, {259, 1}, {262, 2},
                                    {273, TIFF_PIXELS}, {277, 4}, {278, 1}, {279, 8}};
    static const uint8_t pixels[] = {200, 100, 0, 255, 10, 20, 30, 0};
    uint8_t file[TIFF_SIZE];
    i2v_image *image = NULL;
    make_tiff(file, tags, sizeof tags / sizeof *tags, pixels, sizeof pixels);
    assert_int_equal(i2v_image_load_memory(&image, file, sizeof file, I2V_ALPHA_WHITE, NULL), I2V_OK);
    static const uint8_t wanted[] = {200, 100, 0, 255, 255, 255};
    assert_memory_equal(image->pixels, wanted, sizeof wanted);
    i2v_image_free(image);
}

/* Group 4 fax, damaged in the middle: libtiff tells of it, leaves lines as they are, and goes on. */
static void test_tiff_of_damaged_fax(void **state) {
    static const tiff_tag tags[] = {{256, 16},          {257, 16}, {258, 1},  {259, 4}, {262, 0},
                                    {273, TIFF_PIXELS}, {277, 1},  {278, 16}, {279, 32}};
    static const uint8_t pixels[32] = {0x26, 0xa8, 0xbc, 0x5f, 0x23, 0xa0,
                                       0x4b, 0xd2, 2,    2,    2,    2}; /* a line, no codes */
    uint8_t file[TIFF_SIZE];
    i2v_image *image = NULL;
    i2v_error error;
    make_tiff(file, tags, sizeof tags / sizeof *tags, pixels, sizeof pixels);
    assert_int_equal(i2v_image_load_memory(&image, file, sizeof file, I2V_ALPHA_WHITE, &error), I2V_ERROR_FORMAT);
    assert_null(image);
    if (!strstr(error.message, "truncated or damaged TIFF (")) fail_msg("%s", error.message);
    if (strstr(error.message, "no picture in it")) fail_msg("%s", error.message);
}

/* ---- hostile ---------------------------------------------------------------------------------------------------- */

static uint32_t random_next(uint32_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* From a buffer of exactly this size, so that AddressSanitizer sees a read beyond its end. */
static i2v_status load_exact(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    i2v_image *image = NULL;
    i2v_error error = {0};
    i2v_status status = i2v_image_load_memory(&image, copy, size, I2V_ALPHA_WHITE, &error);
    assert_true((image != NULL) == (status == I2V_OK));
    if (status) assert_true(status == error.status && error.message[0]);
    i2v_image_free(image);
    free(copy);
    return status;
}

/* Where the last bytes need not be missed: trailers, palettes and masks that Pillow does without, other cursors. */
static int forgives(const char *file) {
    static const char *const starts[] = {"cur-",           "ico-32-",     "pcx-L-",   "pcx-P-", "qoi-",
                                         "tga-attributes", "tga-pillow-", "tiff-cp-", "png-",   "jpeg-xmp"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (strncmp(file, starts[i], strlen(starts[i])) == 0) return 1;
    }
    return 0;
}

static void test_truncated(void **state) {
    FILE *list = expected_open(PICTURES);
    expected item;
    while (expected_next(list, PICTURES, &item)) {
        uint8_t *data = NULL;
        size_t size = 0;
        assert_int_equal(i2v_file_read(&data, &size, item.path, I2V_FILE_MAX_BYTES, NULL), I2V_OK);
        for (size_t i = 0; i < 32; i++) {
            i2v_status status = load_exact(data, i * size / 32);
            if (status == I2V_OK && !forgives(item.file)) {
                fail_msg("%s cut to %zu of 32 parts gives a picture", item.file, i);
            }
        }
        free(data);
    }
    fclose(list);
}

/* Number of errors of 60 flips. */
static int flip_bits(const char *path, uint32_t *seed) {
    uint8_t *data = NULL;
    size_t size = 0;
    int errors = 0;
    assert_int_equal(i2v_file_read(&data, &size, path, I2V_FILE_MAX_BYTES, NULL), I2V_OK);
    for (int i = 0; i < 60; i++) { /* headers are where it hurts: half of the hits */
        size_t place = random_next(seed) % (random_next(seed) & 1 && size > 64 ? 64 : size);
        uint8_t before = data[place];
        data[place] ^= (uint8_t)(1u << random_next(seed) % 8);
        errors += load_exact(data, size) != I2V_OK;
        data[place] = before;
    }
    free(data);
    return errors;
}

/* Nor does any library print, but dav1d, which cannot be told not to through libavif. */
static void test_flipped_bits(void **state) {
    FILE *list = expected_open(PICTURES), *printed = tmpfile(), *by_dav1d = tmpfile();
    expected item;
    uint32_t seed = 2463534242u;
    int errors = 0, terminal = dup(STDERR_FILENO);
    assert_non_null(printed);
    assert_non_null(by_dav1d);
    while (expected_next(list, PICTURES, &item)) {
        dup2(fileno(strncmp(item.file, "avif-", 5) == 0 ? by_dav1d : printed), STDERR_FILENO);
        errors += flip_bits(item.path, &seed);
        dup2(terminal, STDERR_FILENO);
    }
    struct stat info;
    assert_int_equal(fstat(fileno(printed), &info), 0);
    close(terminal);
    fclose(printed);
    fclose(by_dav1d);
    fclose(list);
    assert_int_equal(info.st_size, 0);
    assert_true(errors > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_equal_pillow),
        cmocka_unit_test(test_info_tells_formats),
        cmocka_unit_test(test_heic),
        cmocka_unit_test(test_others_are_named),
        cmocka_unit_test(test_info_names_others),
        cmocka_unit_test(test_tiff_of_four_unnamed_samples),
        cmocka_unit_test(test_tiff_of_damaged_fax),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
