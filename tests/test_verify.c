/* Files that are not whole are found out before they get their names. */
#include "media/verify.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WIDTH = 32, HEIGHT = 24, FRAMES = 5 };

static char folder[] = "/tmp/img2vid-verify-XXXXXX";
static const i2v_output output = {.crf = -1, .quality = -1};

static int make_folder(void **state) {
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    return rmdir(folder);
}

static char *path_of(const char *name) {
    char *path = i2v_path_join(folder, name);
    assert_non_null(path);
    return path;
}

/* Writes frames of noise, or all grey, and reads the file. */
static uint8_t *write_video(const char *path, int still, size_t *size) {
    static float frames[FRAMES * HEIGHT * WIDTH * 3];
    uint32_t noise = 1;
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        noise = noise * 1664525u + 1013904223u;
        frames[i] = still ? 0.5f : (float)(noise >> 8) * 0x1p-24f;
    }
    i2v_video video = {.frames = frames, .num_videos = 1, .num_frames = FRAMES, .height = HEIGHT, .width = WIDTH};
    video.fps = 7;
    i2v_error error;
    assert_int_equal(i2v_video_save(&video, path, &output, &error), I2V_OK);
    uint8_t *data;
    assert_int_equal(i2v_file_read(&data, size, path, 1 << 24, &error), I2V_OK);
    return data;
}

static void put(const char *path, const uint8_t *data, size_t size) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static i2v_status verify(const char *path, const char *demuxer, int frames, i2v_error *error) {
    const i2v_output_file file = {.path = (char *)(uintptr_t)"the target",
                                  .temporary = (char *)(uintptr_t)path};
    const i2v_video_task task = {
        .path = "the target", .width = WIDTH, .height = HEIGHT, .num_frames = frames, .fps = {7, 1}, .output = &output};
    memset(error, 0, sizeof *error);
    if (demuxer) return i2v_verify_video(&file, &task, demuxer, WIDTH, HEIGHT, error);
    return i2v_verify_pictures(&file, &task, strstr(path, ".webp") != NULL, error);
}

static void refuses(const char *path, const char *demuxer, int frames) {
    i2v_error error;
    assert_int_equal(verify(path, demuxer, frames, &error), I2V_ERROR_IO);
    assert_non_null(strstr(error.message, "cannot write the target: of "));
}

static void check(const char *name, const char *demuxer, int still) {
    i2v_error error;
    size_t size;
    char *path = path_of(name);
    uint8_t *data = write_video(path, still, &size);
    assert_int_equal(verify(path, demuxer, FRAMES, &error), I2V_OK);
    refuses(path, demuxer, FRAMES + 1);
    if (!still) refuses(path, demuxer, FRAMES - 1);
    for (size_t part = 1; part < 8 && !still; part++) {
        put(path, data, size * part / 8);
        refuses(path, demuxer, FRAMES);
    }
    unlink(path);
    free(data);
    free(path);
}

static void finds_what_is_missing(void **state) {
    check("a.mp4", "mov", 0);
    check("a.mov", "mov", 0);
    check("a.mkv", "matroska", 0);
    check("a.webm", "matroska", 0);
    check("a.gif", NULL, 0);
    check("a.png", NULL, 0);
    check("a.webp", NULL, 0);
}

/* libwebp makes one frame of equal ones. */
static void takes_still_ones(void **state) {
    check("still.mp4", "mov", 1);
    check("still.gif", NULL, 1);
    check("still.png", NULL, 1);
}

/* All frames are there by the container's count, and the length before the first one's data is lost, as FFmpeg leaves
 * it where an allocation fails. */
static void plays_every_frame(void **state) {
    static const uint8_t box[] = {'m', 'd', 'a', 't'};
    size_t size;
    char *path = path_of("b.mp4");
    uint8_t *data = write_video(path, 0, &size), *media = memmem(data, size, box, sizeof box);
    assert_non_null(media);
    memset(media + 4, 0xff, 4);
    put(path, data, size);
    i2v_media_info info;
    i2v_error error;
    assert_int_equal(i2v_media_probe(path, &info, &error), I2V_OK);
    assert_int_equal(info.num_frames, FRAMES);
    refuses(path, "mov", FRAMES);
    unlink(path);
    free(data);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_missing),
        cmocka_unit_test(takes_still_ones),
        cmocka_unit_test(plays_every_frame),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
