/* A synthetic video, and the kinds of files that it is written to. */
#include "video_files.h"

#include "media/media.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bounds are 2 dB below what was measured (40.7, 40.0, 31.7 and 40.6 dB), for other versions of the encoders; a wrong
 * matrix or range costs more than that. */
const struct video_kind kinds[KINDS] = {
    {"a.mp4", "mp4", "h264", 38.7},      {"a.mkv", "mkv", "h264", 38.7}, {"a.mov", "mov", "h264", 38.7},
    {"a.webm", "webm", "vp9", 38.0},     {"a.gif", "gif", "gif", 29.7},  {"a.webp", "webp", "webp", 38.6},
    {"a.png", "apng", "apng", INFINITY},
};

i2v_video *make_video(int frames, int width, int height) {
    i2v_video *video = calloc(1, sizeof *video);
    *video = (i2v_video){.num_videos = 1, .num_frames = frames, .width = width, .height = height, .fps = 7};
    float *out = video->frames = malloc((size_t)frames * width * height * 3 * sizeof(float));
    for (int f = 0; f < frames; f++) {
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++, out += 3) {
                double dx = x - width / 2.0 - 2 * f, dy = y - height / 2.0;
                double light = 0.3 * exp(-(dx * dx + dy * dy) / 100);
                out[0] = (float)((double)(x + 2 * f) / (2 * width) + light);
                out[1] = (float)(0.6 * y / height + light);
                out[2] = (float)(0.5 + 0.3 * sin((x - 2 * f + y) * 0.1));
            }
        }
    }
    return video;
}

void free_video(i2v_video *video) {
    free(video->frames);
    free(video);
}

void save(const i2v_video *video, const char *name, const i2v_output *output) {
    i2v_error error = {0};
    if (i2v_video_save(video, in_folder(name), output, &error)) fail_msg("%s: %s", name, error.message);
}

void check_probe(const char *path, const char *container, const char *codec, int width, int height, int64_t frames,
                 double fps) {
    i2v_media_info info;
    i2v_error error = {0};
    if (i2v_media_probe(path, &info, &error)) fail_msg("%s", error.message);
    assert_string_equal(info.container, container);
    assert_string_equal(info.codec, codec);
    assert_int_equal(info.width, width);
    assert_int_equal(info.height, height);
    assert_int_equal(info.num_frames, frames);
    if (fabs(info.fps - fps) > 1e-6 * fps) fail_msg("%s: %.9g fps, not %.9g", path, info.fps, fps);
}

void check_refused(const i2v_video *video, const char *path, const i2v_output *output, i2v_status status,
                   const char *part) {
    i2v_error error = {0};
    int before = count_files();
    i2v_status got = i2v_video_save(video, path, output, &error);
    if (got != status || !strstr(error.message, part)) fail_msg("%s: status %d: %s", path, got, error.message);
    assert_int_equal(count_files(), before);
    assert_int_equal(i2v_video_save(video, path, output, NULL), status);
}

static int real_stderr;

int catch_stderr(void **state) {
    char name[] = "/tmp/i2v_test_video_stderr_XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    fflush(stderr);
    real_stderr = dup(2);
    dup2(file, 2);
    return close(file);
}

int check_stderr(void **state) {
    char text[256] = "";
    fflush(stderr);
    lseek(2, 0, SEEK_SET);
    ssize_t size = read(2, text, sizeof text - 1);
    dup2(real_stderr, 2);
    close(real_stderr);
    if (size > 0) fprintf(stderr, "printed: %s\n", text);
    return size > 0;
}
