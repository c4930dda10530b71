/* Videos that are not written: what is refused, cancelled, or finds the disk full leaves nothing behind. */
#include "base/file.h"
#include "media/media.h"
#include "video_files.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_paths(void **state) {
    i2v_video *video = make_video(2, 16, 16);
    static const char *const patterns[] = {"%d%d.png", "%s.png",  "%.png",    "%5d.png",  "%0d.png",   "%010d.png",
                                           "%n.png",   "%%%.png", "%04x.png", "%-4d.png", "%04d%.png", "%04d%n.png"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        check_refused(video, in_folder(patterns[i]), NULL, I2V_ERROR_PARAMETER, patterns[i]);
        assert_int_equal(i2v_video_check_path(in_folder(patterns[i]), NULL), I2V_ERROR_PARAMETER);
    }
    static const char *const endings[] = {"a.avi", "a", ".", "mp4", "a.mp4.", "a.mp4/", "a.mp"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        check_refused(video, in_folder(endings[i]), NULL, I2V_ERROR_PARAMETER, ".webm");
        assert_int_equal(i2v_video_check_path(in_folder(endings[i]), NULL), I2V_ERROR_PARAMETER);
    }
    static const char *const missing[] = {"no/a.mp4", "no/a.webp", "no/%04d.png", "no/a.npy", "no%d/a.png"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        check_refused(video, in_folder(missing[i]), NULL, I2V_ERROR_IO, "there is no folder");
        assert_int_equal(i2v_video_check_path(in_folder(missing[i]), NULL), I2V_ERROR_IO);
    }
    char name[300]; /* longer than names may be, while that of the file beside it is not */
    snprintf(name, sizeof name, "%0256d.mp4", 0);
    check_refused(video, in_folder(name), NULL, I2V_ERROR_IO, "too long");
    assert_int_equal(i2v_video_check_path(in_folder(name), NULL), I2V_ERROR_IO);
    check_refused(video, "", NULL, I2V_ERROR_PARAMETER, "empty");
    check_refused(video, NULL, NULL, I2V_ERROR_PARAMETER, "empty");
    for (size_t i = 0; i < KINDS; i++) assert_int_equal(i2v_video_check_path(in_folder(kinds[i].name), NULL), I2V_OK);
    assert_int_equal(i2v_video_check_path(in_folder("a%d%.png"), NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(i2v_video_check_path(in_folder("100%.mp4"), NULL), I2V_OK);
    assert_int_equal(count_files(), 0);
    mkdir(in_folder("b.mp4"), 0700);
    check_refused(video, in_folder("b.mp4"), NULL, I2V_ERROR_IO, "it is a folder");
    rmdir(in_folder("b.mp4"));
    free_video(video);
}

static void test_parameters(void **state) {
    i2v_video *video = make_video(2, 16, 16);
    const double rates[] = {NAN, INFINITY, -1, 0.009, 1000.1};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        i2v_output output;
        i2v_output_default(&output);
        output.fps = rates[i];
        check_refused(video, in_folder("a.mp4"), &output, I2V_ERROR_PARAMETER, "playback_fps is ");
    }
    i2v_output flags;
    i2v_output_default(&flags);
    flags.loop = 7;
    check_refused(video, in_folder("a.mp4"), &flags, I2V_ERROR_PARAMETER, "loop is 7; it must be 0 or 1");
    flags.loop = 0;
    flags.no_replace = -1;
    check_refused(video, in_folder("a.mp4"), &flags, I2V_ERROR_PARAMETER, "no_overwrite is -1; it must be 0 or 1");
    i2v_output fast;
    i2v_output_default(&fast);
    fast.fps = 51;
    check_refused(video, in_folder("a.gif"), &fast, I2V_ERROR_PARAMETER, "fps");
    i2v_video wrong = *video;
    wrong.fps = 0;
    check_refused(&wrong, in_folder("a.mp4"), NULL, I2V_ERROR_PARAMETER, "fps");
    wrong = *video;
    wrong.num_frames = 0;
    check_refused(&wrong, in_folder("a.mp4"), NULL, I2V_ERROR_PARAMETER, "no frames");
    wrong = *video;
    wrong.width = 1 << 20;
    check_refused(&wrong, in_folder("a.mp4"), NULL, I2V_ERROR_PARAMETER, "size");
    i2v_video *wide = make_video(1, 17000, 16);
    check_refused(wide, in_folder("a.webp"), NULL, I2V_ERROR_PARAMETER, "16383");
    check_refused(wide, in_folder("a.mp4"), NULL, I2V_ERROR_PARAMETER, "17000");
    free_video(wide);
    free_video(video);
}

static void test_missing_encoder(void **state) {
    i2v_error error = {0};
    assert_int_equal(i2v_ffmpeg_has("mp4", "libnothing", "mp4", &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "libnothing"));
    assert_non_null(strstr(error.message, ".webp"));
    assert_int_equal(i2v_ffmpeg_has("nothing", "libx264", "mp4", &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "muxer"));
    assert_int_equal(i2v_ffmpeg_has("mp4", "libx264", "mp4", &error), I2V_OK);
}

static int countdown(void *user) {
    return (*(int *)user)-- <= 0;
}

/* Cancelled at every poll there is, until a run has none left. */
static void test_cancel(void **state) {
    static const char *const names[] = {"a.mp4",  "a.mkv", "a.mov",    "a.webm", "a.gif",
                                        "a.webp", "a.png", "%03d.png", "a.npy"};
    i2v_video *video = make_video(3, WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        i2v_status status = I2V_CANCELLED;
        int polls = 0;
        for (; status == I2V_CANCELLED; polls++) {
            int left = polls;
            i2v_output output;
            i2v_output_default(&output);
            output.cancelled = countdown;
            output.user = &left;
            assert_int_equal(count_files(), 0);
            status = i2v_video_save(video, in_folder(names[i]), &output, NULL);
        }
        assert_int_equal(status, I2V_OK);
        if (i == 0) assert_true(polls - 1 >= 3 + 3); /* before each frame and after each packet */
        empty_folder();
    }
    free_video(video);
}

/* An earlier file stays as it was when its successor fails. */
static void test_earlier_files_stay(void **state) {
    static const char *const names[] = {"a.mp4", "a.webp", "0001.png"};
    i2v_video *video = make_video(3, WIDTH, HEIGHT);
    for (int i = 0; i < 3; i++) {
        FILE *file = fopen(in_folder(names[i]), "w");
        fputs("old", file);
        fclose(file);
        int left = 2;
        i2v_output output = {.crf = -1, .quality = -1, .cancelled = countdown, .user = &left};
        assert_int_equal(i2v_video_save(video, in_folder(i == 2 ? "%04d.png" : names[i]), &output, NULL),
                         I2V_CANCELLED);
        uint8_t *data;
        size_t size;
        assert_int_equal(i2v_file_read(&data, &size, in_folder(names[i]), 99, NULL), I2V_OK);
        assert_int_equal(size, 3);
        free(data);
    }
    assert_int_equal(count_files(), 3);
    free_video(video);
}

/* A limit on the size of files stands for the full disk: every size short of the whole must fail and leave nothing. */
static void test_disk_full(void **state) {
    i2v_video *video = make_video(3, 128, 96);
    /* noise, so that files are larger than any buffer on the way */
    uint32_t random = 1;
    for (int i = 0; i < 3 * 128 * 96 * 3; i++) {
        random = random * 1664525u + 1013904223u;
        video->frames[i] = (float)(random >> 24) / 255;
    }
    i2v_output output;
    i2v_output_default(&output);
    output.metadata = "{\"program\": \"img2vid\"}";
    struct rlimit unlimited, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    signal(SIGXFSZ, SIG_IGN);
    static const char *const names[] = {"a.mp4",  "a.mkv", "a.mov",    "a.webm", "a.gif",
                                        "a.webp", "a.png", "%03d.png", "a.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *first = strchr(names[i], '%') ? "001.png" : names[i];
        struct stat info;
        save(video, names[i], &output);
        assert_int_equal(stat(in_folder(first), &info), 0);
        empty_folder();
        for (off_t size = 0; size < info.st_size; size += 1 + info.st_size / 16) {
            limit = unlimited;
            limit.rlim_cur = (rlim_t)size;
            i2v_error error = {0};
            setrlimit(RLIMIT_FSIZE, &limit);
            i2v_status status = i2v_video_save(video, in_folder(names[i]), &output, &error);
            setrlimit(RLIMIT_FSIZE, &unlimited);
            if (status != I2V_ERROR_IO || !strstr(error.message, "File too large")) {
                fail_msg("%s, %ld bytes: status %d: %s", names[i], (long)size, status, error.message);
            }
            assert_int_equal(count_files(), 0);
        }
    }
    signal(SIGXFSZ, SIG_DFL);
    free_video(video);
}

/* The same again: nothing is printed. */
static void test_silence(void **state) {
    catch_stderr(NULL);
    test_parameters(NULL);
    test_disk_full(NULL);
    assert_int_equal(check_stderr(NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_paths),   IN_FOLDER(test_parameters),         IN_FOLDER(test_missing_encoder),
        IN_FOLDER(test_cancel),  IN_FOLDER(test_earlier_files_stay), IN_FOLDER(test_disk_full),
        IN_FOLDER(test_silence),
    };
    return cmocka_run_group_tests_name("video_refused", tests, NULL, NULL);
}
