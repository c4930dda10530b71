/* PNGs that Pillow 13.0.0 forgives: all pixels are there, and the end, checksums or what a chunk is, are not. They give
 * the pixels of the whole file, and a warning. */
#include "media/media.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define DATA I2V_TEST_DATA "/media/"

enum { HEADER_END = 33, END = 12, CHECKSUM = 4 }; /* bytes: to the IHDR's end; of an IEND; of CRCs and of Adler's */

typedef struct picture {
    uint8_t *data;
    size_t size;
    i2v_image *image;
} picture;

static const char *const names[] = {"rgb8.png", "grey1.png", "rgba8.png", "grey16_interlaced.png"};
enum { PICTURES = sizeof names / sizeof *names };

static picture open_picture(int index) {
    char path[256];
    picture whole;
    i2v_error error = {0};
    snprintf(path, sizeof path, DATA "%s", names[index]);
    if (i2v_file_read(&whole.data, &whole.size, path, 1 << 20, &error)) fail_msg("%s", error.message);
    if (i2v_image_load_memory(&whole.image, whole.data, whole.size, I2V_ALPHA_WHITE, &error))
        fail_msg("%s", error.message);
    assert_null(whole.image->warning);
    assert_memory_equal(whole.data + whole.size - END + 4, "IEND", 4);
    return whole;
}

static void close_picture(picture *whole) {
    i2v_image_free(whole->image);
    free(whole->data);
}

/* warning: a part of it. */
static void expect_same(const picture *whole, const void *data, size_t size, const char *warning) {
    i2v_image *image;
    i2v_error error = {0};
    if (i2v_image_load_memory(&image, data, size, I2V_ALPHA_WHITE, &error)) fail_msg("%zu: %s", size, error.message);
    assert_int_equal(image->width, whole->image->width);
    assert_int_equal(image->height, whole->image->height);
    assert_memory_equal(image->pixels, whole->image->pixels, 3 * (size_t)image->width * (size_t)image->height);
    if (!image->warning || !strstr(image->warning, warning)) fail_msg("%s, not %s", image->warning, warning);
    i2v_image_free(image);
}

/* message: a part of it. */
static void expect_refused(const void *data, size_t size, const char *message) {
    i2v_image *image;
    i2v_error error = {0};
    assert_int_equal(i2v_image_load_memory(&image, data, size, I2V_ALPHA_WHITE, &error), I2V_ERROR_FORMAT);
    if (!strstr(error.message, message)) fail_msg("%s, not %s", error.message, message);
}

/* Up to all of the checksum behind the packed pixels. */
static void the_end_is_missing(void **state) {
    (void)state;
    for (int i = 0; i < PICTURES; i++) {
        picture whole = open_picture(i);
        for (size_t cut = 1; cut <= END + CHECKSUM + CHECKSUM; cut++)
            expect_same(&whole, whole.data, whole.size - cut, "its end is missing");
        expect_refused(whole.data, whole.size - 40, "is truncated: get a whole copy of it");
        close_picture(&whole);
    }
}

static void set_checksum(uint8_t *chunk, size_t size) {
    uLong checksum = crc32(0, chunk + 4, (uInt)size + 4);
    for (int i = 0; i < 4; i++) chunk[8 + size + (size_t)i] = (uint8_t)(checksum >> (24 - 8 * i));
}

/* The chunk of pixels, the last one before the end. */
static uint8_t *last_pixels(const picture *whole, size_t *size) {
    size_t at = HEADER_END, length = 0, last = 0;
    for (; at < whole->size - END; at += 12 + length) {
        const uint8_t *chunk = whole->data + at;
        length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        last = at;
    }
    assert_memory_equal(whole->data + last + 4, "IDAT", 4);
    *size = length;
    return whole->data + last;
}

/* A chunk of pixels that ends, as it says, within their checksum is forgiven; a checksum that is there must be right.
 */
static void the_checksum_of_pixels(void **state) {
    (void)state;
    for (int i = 0; i < PICTURES; i++) {
        picture whole = open_picture(i);
        size_t size;
        uint8_t *chunk = last_pixels(&whole, &size);
        uint8_t *copy = malloc(whole.size);
        assert_non_null(copy);
        size_t before = (size_t)(chunk - whole.data), shorter = size - 2;
        memcpy(copy, whole.data, before + 8 + shorter);
        copy[before + 2] = (uint8_t)(shorter >> 8);
        copy[before + 3] = (uint8_t)shorter;
        set_checksum(copy + before, shorter);
        memcpy(copy + before + 12 + shorter, whole.data + whole.size - END, END);
        expect_same(&whole, copy, whole.size - 2, "its end is damaged");
        free(copy);
        chunk[8 + size - 1] ^= 1;
        set_checksum(chunk, size);
        expect_refused(whole.data, whole.size, "incorrect data check): get a whole copy of it");
        close_picture(&whole);
    }
}

/* Before the pixels and after them. */
static void an_unknown_chunk_that_is_needed(void **state) {
    (void)state;
    uint8_t chunk[] = "\0\0\0\5ABCDhello....";
    size_t size = sizeof chunk - 1;
    for (int i = 0; i < PICTURES; i++) {
        picture whole = open_picture(i);
        uint8_t *copy = malloc(whole.size + size);
        assert_non_null(copy);
        size_t places[] = {HEADER_END, whole.size - END};
        for (int k = 0; k < 2; k++) {
            size_t at = places[k];
            memcpy(copy, whole.data, at);
            memcpy(copy + at, chunk, size);
            set_checksum(copy + at, 5);
            memcpy(copy + at + size, whole.data + at, whole.size - at);
            expect_same(&whole, copy, whole.size + size, "a chunk of an unknown kind");
        }
        free(copy);
        close_picture(&whole);
    }
}

/* It is left out, which shows in the picture. */
static void transparency_that_is_damaged(void **state) {
    (void)state;
    uint8_t chunk[] = "\0\0\0\2tRNS\0\1....";
    size_t size = sizeof chunk - 1;
    picture whole = open_picture(0);
    uint8_t *copy = malloc(whole.size + size);
    assert_non_null(copy);
    memcpy(copy, whole.data, HEADER_END);
    memcpy(copy + HEADER_END, chunk, size);
    memcpy(copy + HEADER_END + size, whole.data + HEADER_END, whole.size - HEADER_END);
    set_checksum(copy + HEADER_END, 2);
    expect_same(&whole, copy, whole.size + size, "transparency is damaged");
    free(copy);
    close_picture(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_end_is_missing), cmocka_unit_test(the_checksum_of_pixels),
                                       cmocka_unit_test(an_unknown_chunk_that_is_needed),
                                       cmocka_unit_test(transparency_that_is_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
