/* Which of several statements on orientation counts, as in Pillow 13.0.0: a PNG's last text that is not damaged and a
 * JPEG's last XMP; and that text which unpacks to gigabytes takes no time. */
#include "media/media.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zlib.h>

typedef struct buffer {
    uint8_t *data;
    size_t size, capacity;
} buffer;

static void append(buffer *to, const void *data, size_t size) {
    if (to->capacity < to->size + size) {
        to->capacity = 2 * (to->size + size);
        to->data = realloc(to->data, to->capacity);
        assert_non_null(to->data);
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void append_uint(buffer *to, uint32_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; i--) append(to, &(uint8_t){(uint8_t)(value >> 8 * i)}, 1);
}

/* ---- PNG -------------------------------------------------------------------------------------------------------- */

static void append_chunk(buffer *to, const char *name, const void *data, size_t size) {
    uLong checksum = crc32(crc32(0, (const Bytef *)name, 4), data, (uInt)size);
    append_uint(to, (uint32_t)size, 4);
    append(to, name, 4);
    append(to, data, size);
    append_uint(to, (uint32_t)checksum, 4);
}

/* A grey picture of 2 x 1 pixels, up to where its texts go. */
static buffer begin_png(void) {
    static const uint8_t header[] = {0, 0, 0, 2, 0, 0, 0, 1, 8, 0, 0, 0, 0};
    buffer png = {0};
    append(&png, "\x89PNG\r\n\x1a\n", 8);
    append_chunk(&png, "IHDR", header, sizeof header);
    return png;
}

static void end_png(buffer *png) {
    static const uint8_t row[] = {0, 10, 200};
    uint8_t packed[64];
    uLongf size = sizeof packed;
    assert_int_equal(compress(packed, &size, row, sizeof row), Z_OK);
    append_chunk(png, "IDAT", packed, size);
    append_chunk(png, "IEND", "", 0);
}

static void append_xmp(buffer *png, const char *xmp) {
    buffer text = {0};
    append(&text, "XML:com.adobe.xmp\0\0\0\0", 22);
    append(&text, xmp, strlen(xmp));
    append_chunk(png, "iTXt", text.data, text.size);
    free(text.data);
}

/* zTXt of 1 MiB of spaces, a thousandth of it when packed. */
static buffer packed_xmp(void) {
    enum { UNPACKED = 1 << 20 };
    buffer text = {0};
    uLongf size = compressBound(UNPACKED);
    uint8_t *spaces = malloc(UNPACKED), *packed = malloc(size);
    assert_true(spaces && packed);
    memset(spaces, ' ', UNPACKED);
    assert_int_equal(compress(packed, &size, spaces, UNPACKED), Z_OK);
    append(&text, "XML:com.adobe.xmp\0", 19);
    append(&text, packed, size);
    free(spaces);
    free(packed);
    return text;
}

static int stands_upright(const buffer *file) {
    i2v_image *image = NULL;
    i2v_error error = {0};
    if (i2v_image_load_memory(&image, file->data, file->size, I2V_ALPHA_WHITE, &error)) fail_msg("%s", error.message);
    int is_upright = image->width > image->height;
    i2v_image_free(image);
    return is_upright;
}

static void test_last_text_counts(void **state) {
    buffer turned = begin_png(), upright = begin_png();
    append_xmp(&turned, "tiff:Orientation=\"1\"");
    append_xmp(&turned, "tiff:Orientation=\"6\"");
    append_xmp(&upright, "tiff:Orientation=\"6\"");
    append_xmp(&upright, "tiff:Orientation=\"1\"");
    end_png(&turned);
    end_png(&upright);
    assert_false(stands_upright(&turned));
    assert_true(stands_upright(&upright));
    free(turned.data);
    free(upright.data);
}

static void test_damaged_text_does_not_count(void **state) {
    buffer png = begin_png();
    append_xmp(&png, "tiff:Orientation=\"6\"");
    append_chunk(&png, "zTXt", "XML:com.adobe.xmp\0\0no zlib", 26);
    end_png(&png);
    assert_false(stands_upright(&png));
    free(png.data);
}

/* 2000 of them unpack to 2 GiB: more than a second, were each unpacked. */
static void test_many_packed_texts(void **state) {
    buffer png = begin_png(), text = packed_xmp();
    for (int i = 0; i < 2000; i++) append_chunk(&png, "zTXt", text.data, text.size);
    append_xmp(&png, "<tiff:Orientation>8</tiff:Orientation>");
    end_png(&png);
    clock_t least = CLOCKS_PER_SEC; /* of several: Windows' clock() also counts what other programs take */
    for (int i = 0; i < 5 && least >= CLOCKS_PER_SEC / 2; i++) {
        clock_t start = clock();
        assert_false(stands_upright(&png));
        clock_t taken = clock() - start;
        if (taken < least) least = taken;
    }
    assert_true(least < CLOCKS_PER_SEC / 2);
    free(text.data);
    free(png.data);
}

/* ---- JPEG ------------------------------------------------------------------------------------------------------- */

static void append_jpeg_xmp(buffer *jpeg, const char *xmp) {
    static const char name[] = "http://ns.adobe.com/xap/1.0/";
    append(jpeg, "\xff\xe1", 2);
    append_uint(jpeg, (uint32_t)(2 + sizeof name + strlen(xmp)), 2);
    append(jpeg, name, sizeof name);
    append(jpeg, xmp, strlen(xmp));
}

/* The same picture with two XMP markers before all others of its own. */
static void check_jpeg(const char *first, const char *second, int is_upright) {
    uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(i2v_file_read(&data, &size, I2V_TEST_DATA "/media/rgb444.jpg", I2V_FILE_MAX_BYTES, NULL), I2V_OK);
    buffer jpeg = {0};
    append(&jpeg, data, 2);
    append_jpeg_xmp(&jpeg, first);
    append_jpeg_xmp(&jpeg, second);
    append(&jpeg, data + 2, size - 2);
    assert_int_equal(stands_upright(&jpeg), is_upright);
    free(jpeg.data);
    free(data);
}

static void test_last_xmp_of_jpeg_counts(void **state) {
    check_jpeg("tiff:Orientation=\"1\"", "tiff:Orientation=\"6\"", 0);
    check_jpeg("tiff:Orientation=\"6\"", "tiff:Orientation=\"1\"", 1);
    check_jpeg("tiff:Orientation=\"6\"", "no word of it", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_text_counts),
        cmocka_unit_test(test_damaged_text_does_not_count),
        cmocka_unit_test(test_many_packed_texts),
        cmocka_unit_test(test_last_xmp_of_jpeg_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
