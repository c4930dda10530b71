/* Codecs of videos, and what chooses between size and quality: crf, quality, bitrate. */
#include "media/media.h"
#include "video_files.h"
#include "video_frames.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static off_t size_with(const i2v_video *video, const char *name, int crf) {
    i2v_output output;
    i2v_output_default(&output);
    output.crf = crf;
    save(video, name, &output);
    struct stat info;
    assert_int_equal(stat(in_folder(name), &info), 0);
    return info.st_size;
}

static void test_crf(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        const char *name = kinds[i].name;
        int has_crf = strcmp(name, "a.gif") && strcmp(name, "a.png"), vp9 = strcmp(name, "a.webm") == 0;
        off_t normal = size_with(video, name, -1), best = size_with(video, name, 0), worst = size_with(video, name, 51);
        if (has_crf ? !(best > normal && normal > worst) : best != worst) fail_msg("%s ignores crf or has none", name);
        i2v_output output;
        i2v_output_default(&output);
        output.crf = 52;
        i2v_status status = i2v_video_save(video, in_folder(name), &output, NULL);
        assert_int_equal(status, has_crf && !vp9 ? I2V_ERROR_PARAMETER : I2V_OK);
        output.crf = -2;
        status = i2v_video_save(video, in_folder(name), &output, NULL);
        assert_int_equal(status, has_crf ? I2V_ERROR_PARAMETER : I2V_OK);
    }
    free_video(video);
}

/* Bounds as those of video_files.c: 40.7 dB was measured of H.265, 40.0 of VP9 and 39.4 of AV1. */
static const struct {
    const char *name;
    i2v_codec codec;
    const char *called;
    double psnr;
} codecs[] = {
    {"c.mp4", I2V_CODEC_H264, "h264", 38.7}, {"c.mp4", I2V_CODEC_H265, "hevc", 38.7},
    {"c.mp4", I2V_CODEC_VP9, "vp9", 38.0},   {"c.mp4", I2V_CODEC_AV1, "av1", 37.4},
    {"c.mkv", I2V_CODEC_H265, "hevc", 38.7}, {"c.mkv", I2V_CODEC_VP9, "vp9", 38.0},
    {"c.mkv", I2V_CODEC_AV1, "av1", 37.4},   {"c.mkv", I2V_CODEC_FFV1, "ffv1", INFINITY},
    {"c.mov", I2V_CODEC_H265, "hevc", 38.7}, {"c.webm", I2V_CODEC_AV1, "av1", 37.4},
};

static void test_codecs(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    i2v_output output;
    i2v_output_default(&output);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        const char *name = codecs[i].name;
        output.codec = codecs[i].codec;
        save(video, name, &output);
        check_probe(in_folder(name), strrchr(name, '.') + 1, codecs[i].called, WIDTH, HEIGHT, FRAMES, 7);
        double got = psnr_of_file(name, video);
        if (!(got >= codecs[i].psnr)) fail_msg("%s in %s: %.2f dB", codecs[i].called, name, got);
        struct stat first, second;
        assert_int_equal(stat(in_folder(name), &first), 0);
        save(video, name, &output);
        assert_int_equal(stat(in_folder(name), &second), 0);
        assert_int_equal(first.st_size, second.st_size);
    }
    free_video(video);
}

/* Clips of a few frames, which are shorter than encoders look ahead. */
static void test_short_clips(void **state) {
    for (int frames = 1; frames < 12; frames++) {
        i2v_video *video = make_video(frames, WIDTH, HEIGHT);
        i2v_output output;
        i2v_output_default(&output);
        for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
            i2v_media_info info;
            output.codec = codecs[i].codec;
            save(video, codecs[i].name, &output);
            assert_int_equal(i2v_media_probe(in_folder(codecs[i].name), &info, NULL), I2V_OK);
            assert_int_equal(info.num_frames, frames);
        }
        free_video(video);
    }
}

static void test_codecs_refused(void **state) {
    i2v_video *video = make_video(2, WIDTH, HEIGHT);
    i2v_output output;
    i2v_output_default(&output);
    static const struct {
        const char *name;
        i2v_codec codec;
        const char *words;
    } refused[] = {
        {"a.webm", I2V_CODEC_H264, "holds no h264; these do: .mp4 .mkv .mov"},
        {"a.mov", I2V_CODEC_VP9, "holds no vp9; these do: .mp4 .mkv .webm"},
        {"a.mp4", I2V_CODEC_FFV1, "holds no ffv1; these do: .mkv"},
        {"a.gif", I2V_CODEC_H264, "a .gif holds no h264"},
        {"a.png", I2V_CODEC_AV1, "a .png holds no av1"},
        {"a-%d.png", I2V_CODEC_AV1, "a .png holds no av1"},
        {"a.webp", I2V_CODEC_VP9, "a .webp holds no vp9"},
        {"a.npy", I2V_CODEC_H265, "a .npy holds no h265"},
        {"a.mp4", (i2v_codec)6, "codec is 6"},
        {"a.mp4", (i2v_codec)-1, "codec is -1"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        i2v_error error = {0};
        output.codec = refused[i].codec;
        check_refused(video, in_folder(refused[i].name), &output, I2V_ERROR_PARAMETER, refused[i].words);
        assert_int_equal(i2v_video_check_output(in_folder(refused[i].name), &output, &error), I2V_ERROR_PARAMETER);
        assert_non_null(strstr(error.message, refused[i].words));
    }
    free_video(video);
    video = make_video(2, 16, 8);
    output.codec = I2V_CODEC_H265;
    check_refused(video, in_folder("a.mp4"), &output, I2V_ERROR_PARAMETER, "too few");
    free_video(video);
}

static off_t size_at(const i2v_video *video, const char *name, i2v_codec codec, int quality) {
    i2v_output output;
    i2v_output_default(&output);
    output.codec = codec;
    output.quality = quality;
    save(video, name, &output);
    struct stat status;
    assert_int_equal(stat(in_folder(name), &status), 0);
    return status.st_size;
}

static void test_quality(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    static const char *const lossy[] = {"a.mp4", "a.webm", "a.webp"};
    for (size_t i = 0; i < 3; i++) {
        off_t best = size_at(video, lossy[i], I2V_CODEC_AUTO, 100),
              middle = size_at(video, lossy[i], I2V_CODEC_AUTO, 60),
              worst = size_at(video, lossy[i], I2V_CODEC_AUTO, 0);
        if (!(best > middle && middle > worst)) fail_msg("%s ignores quality", lossy[i]);
    }
    assert_true(size_at(video, "a.mp4", I2V_CODEC_AV1, 90) > size_at(video, "a.mp4", I2V_CODEC_AV1, 10));
    assert_true(size_at(video, "a.mp4", I2V_CODEC_H265, 90) > size_at(video, "a.mp4", I2V_CODEC_H265, 10));
    assert_int_equal(size_at(video, "a.gif", I2V_CODEC_AUTO, 100), size_at(video, "a.gif", I2V_CODEC_AUTO, 0));
    i2v_output output;
    i2v_output_default(&output);
    output.quality = 101;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "quality is 101");
    output.quality = -2;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "quality is -2");
    output.quality = 50;
    output.crf = 20;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "exclude each other");
    assert_int_equal(i2v_video_check_output(in_folder("b.mp4"), &output, NULL), I2V_ERROR_PARAMETER);
    output = (i2v_output){.crf = -1, .quality = -1, .fps = -3};
    assert_int_equal(i2v_video_check_output(in_folder("b.mp4"), &output, NULL), I2V_ERROR_PARAMETER);
    free_video(video);
}

static off_t size_at_bitrate(const i2v_video *video, const char *name, i2v_codec codec, uint64_t bitrate) {
    i2v_output output;
    i2v_output_default(&output);
    output.codec = codec;
    output.bitrate = bitrate;
    save(video, name, &output);
    struct stat status;
    assert_int_equal(stat(in_folder(name), &status), 0);
    return status.st_size;
}

static void test_bitrate(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    static const i2v_codec lossy[] = {I2V_CODEC_H264, I2V_CODEC_H265, I2V_CODEC_VP9, I2V_CODEC_AV1};
    for (size_t i = 0; i < sizeof lossy / sizeof *lossy; i++) {
        off_t low = size_at_bitrate(video, "a.mp4", lossy[i], 1000);
        off_t high = size_at_bitrate(video, "a.mp4", lossy[i], 4000000);
        if (high <= low) fail_msg("codec %d: %d bytes, then %d", (int)lossy[i], (int)low, (int)high);
    }
    assert_int_equal(size_at_bitrate(video, "a.gif", I2V_CODEC_AUTO, 1000),
                     size_at(video, "a.gif", I2V_CODEC_AUTO, 50));
    i2v_output output;
    i2v_output_default(&output);
    output.bitrate = UINT64_MAX;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER,
                  "bitrate is 18446744073709551615; it must be between 1 and 100000000000");
    output.bitrate = 20000;
    output.quality = 50;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "bitrate excludes");
    output.quality = -1;
    output.crf = 20;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "bitrate excludes");
    free_video(video);
}

/* The same again: nothing is printed. */
static void test_silence(void **state) {
    catch_stderr(NULL);
    test_crf(NULL);
    test_short_clips(NULL); /* which decodes nothing: the decoder of AV1 says which one it is */
    test_codecs_refused(NULL);
    assert_int_equal(check_stderr(NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_crf),     IN_FOLDER(test_codecs),  IN_FOLDER(test_short_clips), IN_FOLDER(test_codecs_refused),
        IN_FOLDER(test_quality), IN_FOLDER(test_bitrate), IN_FOLDER(test_silence),
    };
    return cmocka_run_group_tests_name("video_codecs", tests, NULL, NULL);
}
