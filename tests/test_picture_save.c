/* Pictures and bytes go to files that appear whole or not at all. */
#include "base/file.h"
#include "media/media.h"
#include "video_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static i2v_image *make_image(void) {
    i2v_image *image;
    assert_int_equal(i2v_image_new(&image, 31, 17, NULL), I2V_OK);
    for (size_t i = 0; i < 31 * 17 * 3; i++) image->pixels[i] = (uint8_t)(i * i / 7);
    return image;
}

static void test_round_trip(void **state) {
    static const char text[] = "{\"program\":\"img2vid\"}";
    i2v_image *image = make_image(), *again;
    i2v_output output;
    char *json = NULL;
    i2v_output_default(&output);
    output.metadata = text;
    assert_int_equal(i2v_image_check_output(in_folder("100%%.png"), &output, NULL), I2V_OK);
    assert_int_equal(count_files(), 0);
    assert_int_equal(i2v_image_save(image, in_folder("100%%.png"), &output, NULL), I2V_OK);
    assert_int_equal(i2v_image_load(&again, in_folder("100%.png"), I2V_ALPHA_DROP, NULL), I2V_OK);
    assert_true(again->width == 31 && again->height == 17);
    assert_memory_equal(again->pixels, image->pixels, 31 * 17 * 3);
    assert_int_equal(i2v_metadata_load(in_folder("100%.png"), &json, NULL), I2V_OK);
    assert_string_equal(json, text);
    i2v_metadata_free(json);
    i2v_image_free(again);
    i2v_image_free(image);
}

static void test_refuses(void **state) {
    static const struct {
        const char *name, *words;
        i2v_status status;
    } cases[] = {
        {"a.jpg", "end its name in .png", I2V_ERROR_PARAMETER}, {"png", "end its name in .png", I2V_ERROR_PARAMETER},
        {"a%d.png", "needs no number", I2V_ERROR_PARAMETER},    {"nowhere/a.png", "there is no folder", I2V_ERROR_IO},
        {"there.png", "it is there already", I2V_ERROR_IO},
    };
    i2v_image *image = make_image();
    i2v_output output;
    i2v_output_default(&output);
    output.no_replace = 1;
    write_text("there.png", "kept");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s", in_folder(cases[i].name));
        for (int saves = 0; saves < 2; saves++) {
            i2v_error error = {0};
            i2v_status status =
                saves ? i2v_image_save(image, path, &output, &error) : i2v_image_check_output(path, &output, &error);
            if (status != cases[i].status || !strstr(error.message, cases[i].words))
                fail_msg("%s: %d, %s", cases[i].name, status, error.message);
        }
    }
    output.metadata = "no object";
    assert_int_equal(i2v_image_save(image, in_folder("b.png"), &output, NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(count_files(), 1);
    i2v_image_free(image);
}

static void test_frames_are_rounded(void **state) {
    i2v_video *video = make_video(3, 32, 16);
    i2v_image *image;
    uint8_t wanted[32 * 16 * 3];
    assert_int_equal(i2v_video_frame(&image, video, 0, 2, NULL), I2V_OK);
    i2v_frame_to_u8(video->frames + 2 * sizeof wanted, sizeof wanted, wanted);
    assert_memory_equal(image->pixels, wanted, sizeof wanted);
    i2v_image_free(image);
    assert_int_equal(i2v_video_frame(&image, video, 0, 3, NULL), I2V_ERROR_PARAMETER);
    assert_null(image);
    free_video(video);
}

static void test_bytes(void **state) {
    uint8_t *data;
    size_t size;
    i2v_error error = {0};
    assert_int_equal(i2v_file_save(in_folder("a.txt"), "first", 5, 1, NULL), I2V_OK);
    assert_int_equal(i2v_file_save(in_folder("a.txt"), "second", 6, 1, &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "it is there already"));
    assert_int_equal(i2v_file_save(in_folder("a.txt"), "another", 7, 0, NULL), I2V_OK);
    assert_int_equal(i2v_file_save(in_folder("none/a.txt"), "x", 1, 0, NULL), I2V_ERROR_IO);
    assert_int_equal(i2v_file_read(&data, &size, in_folder("a.txt"), 100, NULL), I2V_OK);
    assert_true(size == 7 && memcmp(data, "another", 7) == 0);
    assert_int_equal(count_files(), 1);
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_round_trip),
        IN_FOLDER(test_refuses),
        cmocka_unit_test(test_frames_are_rounded),
        IN_FOLDER(test_bytes),
    };
    return cmocka_run_group_tests(tests, catch_stderr, check_stderr);
}
