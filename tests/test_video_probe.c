/* What is said of a file of pictures or of a video without decoding it, of damaged ones, too. */
#include "base/file.h"
#include "media/media.h"
#include "video_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA I2V_TEST_DATA "/media/"

static void test_probe_pictures(void **state) {
    check_probe(MEDIA "rgb444.jpg", "jpeg", "jpeg", 67, 45, 1, 0);
    check_probe(MEDIA "progressive420.jpg", "jpeg", "jpeg", 67, 45, 1, 0);
    check_probe(MEDIA "orientation6.jpg", "jpeg", "jpeg", 23, 15, 1, 0);
    check_probe(MEDIA "rgb24.bmp", "bmp", "bmp", 29, 19, 1, 0);
    check_probe(MEDIA "rgb565_top_down.bmp", "bmp", "bmp", 29, 19, 1, 0);
    check_probe(MEDIA "rgb.tif", "tiff", "tiff", 29, 19, 1, 0);
    check_probe(MEDIA "lossy.webp", "webp", "webp", 67, 45, 1, 0);
    check_probe(MEDIA "palette.gif", "gif", "gif", 29, 19, 1, 0);
    check_probe(MEDIA "rgb16.png", "png", "png", 29, 19, 1, 0);
    i2v_media_info info;
    assert_int_equal(i2v_media_probe(MEDIA "animated.gif", &info, NULL), I2V_OK);
    assert_int_equal(info.num_frames, 2);
    assert_int_equal(i2v_media_probe(MEDIA "animated.webp", &info, NULL), I2V_OK);
    assert_int_equal(info.num_frames, 2);
}

static void test_probe_refuses(void **state) {
    static const char *const texts[] = {"",
                                        "x",
                                        "#EXTM3U\nfile:///etc/passwd\n",
                                        "ftypmp42ftypmp42ftypmp42",
                                        "\x1a\x45\xdf\xa3zzzzzzzzzzzzzzzzzzzz",
                                        "RIFF....WEBPVP8 ",
                                        "BM",
                                        "GIF89a"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        i2v_error error = {0};
        i2v_media_info info;
        write_file("x", (const uint8_t *)texts[i], strlen(texts[i]));
        assert_int_equal(i2v_media_probe(in_folder("x"), &info, &error), I2V_ERROR_FORMAT);
        assert_non_null(strstr(error.message, in_folder("x")));
        assert_int_equal(info.width, 0);
    }
    i2v_media_info info;
    assert_int_equal(i2v_media_probe(in_folder("missing"), &info, NULL), I2V_ERROR_IO);
    assert_int_equal(i2v_media_probe(folder, &info, NULL), I2V_ERROR_IO);
}

static void test_probe_truncated(void **state) {
    i2v_video *video = make_video(3, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        save(video, kinds[i].name, NULL);
        uint8_t *data;
        size_t size;
        assert_int_equal(i2v_file_read(&data, &size, in_folder(kinds[i].name), 1 << 24, NULL), I2V_OK);
        i2v_media_info info;
        write_file("x", data, size * 2 / 3);
        i2v_status status = i2v_media_probe(in_folder("x"), &info, NULL);
        if (status != I2V_ERROR_FORMAT) fail_msg("two thirds of %s: status %d", kinds[i].name, status);
        /* what ends with an index or an end marker is forgiven its last byte */
        int is_forgiven = strcmp(kinds[i].codec, "gif") == 0 || strcmp(kinds[i].container, "webm") == 0 ||
                          strcmp(kinds[i].container, "mkv") == 0;
        write_file("x", data, size - 1);
        status = i2v_media_probe(in_folder("x"), &info, NULL);
        if (status != I2V_ERROR_FORMAT && !is_forgiven)
            fail_msg("%s short of a byte: status %d", kinds[i].name, status);
        free(data);
    }
    free_video(video);
}

/* Cut and changed files give an answer or an error; the sanitizers watch. Reproducible: a linear congruence. */
static void test_probe_damaged(void **state) {
    static const char *const pictures[] = {MEDIA "rgb444.jpg", MEDIA "animated.gif", MEDIA "animated.webp",
                                           MEDIA "rgb24.bmp",  MEDIA "rgb.tif",      MEDIA "rgb8.png"};
    size_t pictures_count = sizeof pictures / sizeof *pictures;
    i2v_video *video = make_video(3, 32, 16);
    uint32_t random = 1;
    for (size_t i = 0; i < KINDS + pictures_count; i++) {
        if (i < KINDS) save(video, kinds[i].name, NULL);
        uint8_t *data;
        size_t size;
        const char *path = i < KINDS ? in_folder(kinds[i].name) : pictures[i - KINDS];
        assert_int_equal(i2v_file_read(&data, &size, path, 1 << 24, NULL), I2V_OK);
        i2v_media_info info;
        for (size_t cut = 0; cut < size; cut += 1 + size / 50) {
            write_file("x", data, cut);
            i2v_media_probe(in_folder("x"), &info, NULL);
        }
        for (int round = 0; round < 100; round++) {
            uint8_t before[8];
            size_t at[8];
            for (int k = 0; k < 8; k++) {
                random = random * 1664525u + 1013904223u;
                at[k] = (random >> 8) % (k % 2 ? size : size < 600 ? size : 600); /* headers more often */
                before[k] = data[at[k]];
                data[at[k]] = (uint8_t)(random >> 3);
            }
            write_file("x", data, size);
            i2v_media_probe(in_folder("x"), &info, NULL);
            for (int k = 7; k >= 0; k--) data[at[k]] = before[k];
        }
        free(data);
    }
    free_video(video);
}

/* The same again: nothing is printed. */
static void test_silence(void **state) {
    catch_stderr(NULL);
    test_probe_damaged(NULL);
    assert_int_equal(check_stderr(NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe_pictures), IN_FOLDER(test_probe_refuses), IN_FOLDER(test_probe_truncated),
        IN_FOLDER(test_probe_damaged),         IN_FOLDER(test_silence),
    };
    return cmocka_run_group_tests_name("video_probe", tests, NULL, NULL);
}
