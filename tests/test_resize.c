/* Resizing equals Pillow's, by hash: tests/data/media/resize.txt, made by tools/make_media_reference.py. */
#include "media/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void hash(const uint8_t *bytes, size_t count, char text[17]) {
    uint64_t value = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) value = (value ^ bytes[i]) * 0x100000001b3u;
    snprintf(text, 17, "%016llx", (unsigned long long)value);
}

/* The pattern that the tool made too. */
static uint8_t *make_pattern(int width, int height, int channels) {
    size_t count = (size_t)width * (size_t)height * (size_t)channels;
    uint8_t *pixels = malloc(count);
    assert_non_null(pixels);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
    }
    return pixels;
}

typedef struct resize_case {
    int channels, width, height, new_width, new_height;
    char fit[16], hash[17];
} resize_case;

static i2v_fit fit_of(const char *name) {
    if (strcmp(name, "crop") == 0) return I2V_FIT_CROP;
    if (strcmp(name, "pad") == 0) return I2V_FIT_PAD;
    if (strcmp(name, "stretch") == 0) return I2V_FIT_STRETCH;
    assert_string_equal(name, "diffusers");
    return I2V_FIT_DIFFUSERS;
}

static void check_case(const resize_case *item) {
    size_t count = (size_t)item->new_width * (size_t)item->new_height * (size_t)item->channels;
    uint8_t *pixels = make_pattern(item->width, item->height, item->channels);
    char got[17];
    if (item->channels == 3) {
        i2v_image source = {.width = item->width, .height = item->height, .pixels = pixels}, *image;
        i2v_status status =
            i2v_image_resize(&image, &source, item->new_width, item->new_height, fit_of(item->fit), NULL);
        assert_int_equal(status, I2V_OK);
        assert_int_equal(image->width, item->new_width);
        assert_int_equal(image->height, item->new_height);
        hash(image->pixels, count, got);
        i2v_image_free(image);
    } else {
        uint8_t *out = malloc(count);
        assert_non_null(out);
        assert_int_equal(i2v_resize_bicubic_u8(pixels, item->width, item->height, item->channels, out, item->new_width,
                                               item->new_height, NULL),
                         I2V_OK);
        hash(out, count, got);
        free(out);
    }
    free(pixels);
    if (strcmp(got, item->hash) != 0) {
        fail_msg("%d channels, %d x %d %s to %d x %d: %s, not Pillow's %s", item->channels, item->width, item->height,
                 item->fit, item->new_width, item->new_height, got, item->hash);
    }
}

static void test_equals_pillow(void **state) {
    FILE *list = fopen(I2V_TEST_DATA "/media/resize.txt", "r");
    assert_non_null(list);
    resize_case item;
    int cases = 0;
    while (fscanf(list, "%d %d %d %15s %d %d %16s", &item.channels, &item.width, &item.height, item.fit,
                  &item.new_width, &item.new_height, item.hash) == 7) {
        check_case(&item);
        cases++;
    }
    fclose(list);
    assert_true(cases >= 70);
}

/* The worst shapes there are: memory between the passes must stay small (Pillow's would be 3 GiB here). */
static void test_extreme_shapes(void **state) {
    const int max = I2V_IMAGE_MAX_SIDE;
    const int sizes[][4] = {{1, 32768, 32768, 1}, {32768, 1, 1, 32768}, {1, 32768, 1, 1}, {1, 1, 32768, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        i2v_image *source = NULL, *image = NULL;
        assert_int_equal(i2v_image_new(&source, sizes[i][0], sizes[i][1], NULL), I2V_OK);
        memset(source->pixels, 200, (size_t)source->width * (size_t)source->height * 3);
        for (int fit = I2V_FIT_CROP; fit <= I2V_FIT_COMFYUI; fit++) {
            assert_int_equal(i2v_image_resize(&image, source, sizes[i][2], sizes[i][3], (i2v_fit)fit, NULL), I2V_OK);
            size_t middle = (size_t)(image->height / 2 * image->width + image->width / 2) * 3;
            assert_int_equal(image->pixels[middle], 200);
            i2v_image_free(image);
        }
        i2v_image_free(source);
    }
    assert_int_equal(max, 32768);
}

static void test_refusals(void **state) {
    uint8_t pixel[4] = {1, 2, 3, 4}, out[4];
    i2v_image source = {.width = 1, .height = 1, .pixels = pixel};
    i2v_image empty = {.height = 1, .pixels = pixel}, *image = NULL;
    i2v_error error;
    const int sizes[][2] = {{0, 1}, {1, 0}, {-5, 5}, {32769, 1}, {1, 32769}, {32768, 32768}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        image = &source;
        assert_int_equal(i2v_image_resize(&image, &source, sizes[i][0], sizes[i][1], I2V_FIT_CROP, &error),
                         I2V_ERROR_PARAMETER);
        assert_null(image);
        image = &source;
        assert_int_equal(i2v_image_new(&image, sizes[i][0], sizes[i][1], &error), I2V_ERROR_PARAMETER);
        assert_null(image);
    }
    assert_int_equal(i2v_image_resize(&image, &empty, 2, 2, I2V_FIT_PAD, &error), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, "0 x 1"));
    assert_int_equal(i2v_resize_bicubic_u8(pixel, 1, 1, 5, out, 1, 1, &error), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_resize_bicubic_u8(pixel, 1, 1, 0, out, 1, 1, &error), I2V_ERROR_PARAMETER);
    i2v_image_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pillow),
        cmocka_unit_test(test_extreme_shapes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
