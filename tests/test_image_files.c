/* Pictures of memory to files: a PNG in memory, and videos whose frames are pictures. */
#include "temporary_folder.h"

#include "img2vid/img2vid.h"

#include <stdio.h>
#include <string.h>

static i2v_image *picture_of(int width, int height, int number) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, width, height, NULL), I2V_OK);
    for (int i = 0; i < width * height * 3; i++) image->pixels[i] = (uint8_t)(i * 37 / (number + 1) + 60 * number);
    return image;
}

static void expect_same_picture(const i2v_image *found, const i2v_image *wanted) {
    assert_int_equal(found->width, wanted->width);
    assert_int_equal(found->height, wanted->height);
    assert_memory_equal(found->pixels, wanted->pixels, 3 * (size_t)wanted->width * (size_t)wanted->height);
}

static void png_in_memory(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {3, 200}, {257, 5}};
    for (int i = 0; i < 3; i++) {
        i2v_image *image = picture_of(sizes[i][0], sizes[i][1], i), *read = NULL;
        uint8_t *png = NULL;
        size_t size = 0;
        assert_int_equal(i2v_image_png(image, &png, &size, NULL), I2V_OK);
        assert_memory_equal(png, "\x89PNG", 4);
        assert_int_equal(i2v_image_load_memory(&read, png, size, I2V_ALPHA_DROP, NULL), I2V_OK);
        expect_same_picture(read, image);
        i2v_image_free(read);
        i2v_png_free(png);
        i2v_image_free(image);
    }
}

/* A picture a frame, which PNG keeps to the bit: of the same size as they are, of another resized by Pillow's filter.
 */
static void frames_are_the_pictures(void **state) {
    (void)state;
    char pattern[600], name[32];
    strcpy(pattern, in_folder("%d.png"));
    i2v_image *large = picture_of(20, 12, 1), *small = picture_of(10, 6, 2), *scaled = NULL;
    i2v_image images[3] = {*large, *small, *large};
    assert_int_equal(i2v_image_resize(&scaled, small, 20, 12, I2V_FIT_STRETCH, NULL), I2V_OK);
    const i2v_image *wanted[3] = {large, scaled, large};
    assert_int_equal(i2v_images_save(images, 3, 0, 0, pattern, NULL, NULL), I2V_OK);
    for (int i = 0; i < 3; i++) {
        i2v_image *read = NULL;
        snprintf(name, sizeof name, "%d.png", i + 1);
        assert_int_equal(i2v_image_load(&read, in_folder(name), I2V_ALPHA_DROP, NULL), I2V_OK);
        expect_same_picture(read, wanted[i]);
        i2v_image_free(read);
    }
    i2v_image_free(large);
    i2v_image_free(small);
    i2v_image_free(scaled);
}

static void every_moving_kind(void **state) {
    (void)state;
    static const char *const endings[] = {"webp", "gif", "png", "mp4"};
    char path[600], name[32];
    i2v_image *one = picture_of(10, 6, 1), *two = picture_of(10, 6, 2), *three = picture_of(10, 6, 3);
    i2v_image images[3] = {*one, *two, *three};
    i2v_output output;
    i2v_output_default(&output);
    for (int i = 0; i < 4; i++) {
        i2v_media_info info;
        snprintf(name, sizeof name, "a.%s", endings[i]);
        strcpy(path, in_folder(name));
        output.loop = i == 0;
        output.fps = i == 1 ? 10 : 0;
        assert_int_equal(i2v_images_save(images, 3, 40, 24, path, &output, NULL), I2V_OK);
        assert_int_equal(i2v_media_probe(path, &info, NULL), I2V_OK);
        assert_int_equal(info.width, 40);
        assert_int_equal(info.height, 24);
        assert_int_equal(info.num_frames, i == 0 ? 4 : 3);
        assert_true(info.fps > (i == 1 ? 9.9 : 6.9) && info.fps < (i == 1 ? 10.1 : 7.1));
    }
    i2v_image_free(one);
    i2v_image_free(two);
    i2v_image_free(three);
}

static void expect_refused(const i2v_image *images, size_t count, int width, int height, const char *path,
                           const char *words) {
    i2v_error error = {0};
    assert_int_equal(i2v_images_save(images, count, width, height, path, NULL, &error), I2V_ERROR_PARAMETER);
    if (!strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
}

static void what_makes_no_video(void **state) {
    (void)state;
    i2v_image *image = picture_of(4, 4, 1);
    i2v_image none[2] = {*image, {.width = 4, .height = 4}}, thin[1] = {{.height = 4, .pixels = image->pixels}};
    expect_refused(image, 1, 0, 0, "/tmp/i2v-no-file.npy", "a .npy holds values");
    expect_refused(image, 1, 0, 0, "/tmp/i2v-no-file.doc", "no known format");
    expect_refused(image, 0, 0, 0, "/tmp/i2v-no-file.webp", "count is 0");
    expect_refused(NULL, 1, 0, 0, "/tmp/i2v-no-file.webp", "images is NULL");
    expect_refused(none, 2, 0, 0, "/tmp/i2v-no-file.webp", "no pixels");
    expect_refused(thin, 1, 0, 0, "/tmp/i2v-no-file.webp", "0 x 4");
    expect_refused(image, 1, 40, 0, "/tmp/i2v-no-file.webp", "40 x 0");
    expect_refused(image, 1, -1, 40000, "/tmp/i2v-no-file.webp", "-1 x 40000");
    expect_refused(image, 1, 0, 0, NULL, "path");
    i2v_image_free(image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_in_memory),
        IN_FOLDER(frames_are_the_pictures),
        IN_FOLDER(every_moving_kind),
        cmocka_unit_test(what_makes_no_video),
    };
    return cmocka_run_group_tests_name("image_files", tests, NULL, NULL);
}
