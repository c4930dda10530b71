/* Videos of every ending are read back and compared with what went in.
 * `test_video --write FOLDER` writes one video of each ending for tests/video_formats.sh. */
#include "base/file.h"
#include "media/media.h"
#include "video_files.h"
#include "video_frames.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/mathematics.h>

static void test_frame_to_u8(void **state) {
    /* (k + 0.5) / 255 in float32 times 255 is exactly half-way for every k; the sums are NumPy's for
     * (x * 255).round().astype("uint8") */
    int64_t ties = 0, sweep = 0;
    for (int i = 0; i < 255; i++) {
        uint8_t out;
        i2v_frame_to_u8(&(float){(float)((i + 0.5) / 255)}, 1, &out);
        ties += out * (i % 251 + 1);
    }
    assert_int_equal(ties, 5289284);
    for (int i = 0; i <= 65536; i++) {
        uint8_t out;
        i2v_frame_to_u8(&(float){(float)i / 65536}, 1, &out);
        sweep += out * (i % 251 + 1);
    }
    assert_int_equal(sweep, 1053454973);
    const float odd[] = {NAN, -1.0f, 2.0f, INFINITY, -INFINITY, -0.0f, 1.0f};
    const uint8_t wanted[] = {0, 0, 255, 255, 0, 0, 255};
    uint8_t out[7];
    i2v_frame_to_u8(odd, 7, out);
    assert_memory_equal(out, wanted, 7);
}

/* A colour's studio-range values in BT.709 are in every textbook. */
static void test_yuv(void **state) {
    static const struct {
        uint8_t rgb[3], yuv[3];
    } colors[] = {
        {{255, 0, 0}, {63, 102, 240}}, {{0, 255, 0}, {173, 42, 26}},       {{0, 0, 255}, {32, 240, 118}},
        {{0, 0, 0}, {16, 128, 128}},   {{255, 255, 255}, {235, 128, 128}}, {{128, 128, 128}, {126, 128, 128}},
    };
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
        uint8_t rgb[3 * 3 * 3], y[4 * 4], u[2 * 2], v[2 * 2];
        for (size_t k = 0; k < sizeof rgb; k++) rgb[k] = colors[i].rgb[k % 3];
        i2v_rgb_to_yuv420(rgb, 3, 3, (uint8_t *const[3]){y, u, v}, (const int[3]){4, 2, 2}, 4, 4);
        for (int k = 0; k < 16; k++) assert_int_equal(y[k], colors[i].yuv[0]);
        for (int k = 0; k < 4; k++) assert_int_equal(u[k], colors[i].yuv[1]);
        for (int k = 0; k < 4; k++) assert_int_equal(v[k], colors[i].yuv[2]);
    }
    /* chroma sits on the even columns: a blue column 2 weighs a half there, a quarter beside odd ones */
    uint8_t rgb[4 * 2 * 3] = {0}, y[8], u[2], v[2];
    rgb[2 * 3 + 2] = rgb[6 * 3 + 2] = 255;
    i2v_rgb_to_yuv420(rgb, 4, 2, (uint8_t *const[3]){y, u, v}, (const int[3]){4, 2, 2}, 4, 2);
    assert_int_equal(u[0], 128);
    assert_int_equal(u[1], 128 + 112 / 2);
}

/* Rates and times are those that FFmpeg would take. */
static void test_fractions(void **state) {
    (void)state;
    double some[] = {0.01, 0.0123, 1 / 3.0, 6, 7, 12.5, 23.976, 24000 / 1001.0, 30000 / 1001.0, 59.94, 999.999, 1000};
    for (int i = 0; i < 100000 + (int)(sizeof some / sizeof *some); i++) {
        double fps = i < 100000 ? 0.01 * pow(1e5, i / 1e5) : some[i - 100000];
        i2v_rate rate = i2v_rate_of(fps, 65535);
        AVRational wanted = av_d2q(fps, 65535);
        if (rate.num != wanted.num || rate.den != wanted.den)
            fail_msg("%.17g: %d/%d, not %d/%d", fps, rate.num, rate.den, wanted.num, wanted.den);
        int64_t index = i % 3000, time = av_rescale_q(index, av_inv_q(wanted), (AVRational){1, 1000});
        if (i2v_rate_milliseconds(rate, index) != time) fail_msg("frame %d at %.17g", (int)index, fps);
    }
}

static void test_all_endings(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        const struct video_kind *kind = &kinds[i];
        save(video, kind->name, NULL);
        /* 7 frames of 1/7 s take 100/100 s in a GIF, 1000 ms in a WebP */
        check_probe(in_folder(kind->name), kind->container, kind->codec, WIDTH, HEIGHT, FRAMES, 7);
        double got = psnr_of_file(kind->name, video);
        if (!(got >= kind->psnr)) fail_msg("%s: %.2f dB, less than %.2f", kind->name, got, kind->psnr);
    }
    assert_int_equal(count_files(), KINDS);
    free_video(video);
}

static void test_upper_case(void **state) {
    i2v_video *video = make_video(2, WIDTH, HEIGHT);
    save(video, "A.MP4", NULL);
    check_probe(in_folder("A.MP4"), "mp4", "h264", WIDTH, HEIGHT, 2, 7);
    save(video, "A%02d.PNG", NULL);
    check_probe(in_folder("A02.PNG"), "png", "png", WIDTH, HEIGHT, 1, 0);
    free_video(video);
}

static void test_rates(void **state) {
    const double rates[] = {7, 23.976, 24000.0 / 1001, 30, 0.01, 12.5, 50};
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (size_t i = 0; i < KINDS; i++) {
            i2v_output output;
            i2v_output_default(&output);
            output.fps = rates[r];
            save(video, kinds[i].name, &output);
            /* the whole lasts what it should, rounded to what the format counts in */
            double unit = strcmp(kinds[i].codec, "gif") == 0 ? 100 : strcmp(kinds[i].codec, "webp") == 0 ? 1000 : 0;
            double wanted = unit ? FRAMES * unit / round(FRAMES * unit / rates[r]) : rates[r];
            check_probe(in_folder(kinds[i].name), kinds[i].container, kinds[i].codec, WIDTH, HEIGHT, FRAMES, wanted);
        }
    }
    free_video(video);
}

static void test_one_frame(void **state) {
    i2v_video *video = make_video(1, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        const struct video_kind *kind = &kinds[i];
        save(video, kind->name, NULL);
        i2v_media_info info;
        assert_int_equal(i2v_media_probe(in_folder(kind->name), &info, NULL), I2V_OK);
        assert_int_equal(info.num_frames, 1);
        assert_int_equal(info.width, WIDTH);
        double got = psnr_of_file(kind->name, video);
        if (!(got >= kind->psnr - 1)) fail_msg("%s: %.2f dB", kind->name, got);
    }
    free_video(video);
}

/* Nothing moves: still every frame is there. (libwebp makes one long frame of equal ones.) */
static void test_equal_frames(void **state) {
    i2v_video *video = make_video(3, WIDTH, HEIGHT);
    size_t size = (size_t)WIDTH * HEIGHT * 3;
    memcpy(video->frames + size, video->frames, size * sizeof(float));
    memcpy(video->frames + 2 * size, video->frames, size * sizeof(float));
    for (size_t i = 0; i < KINDS; i++) {
        save(video, kinds[i].name, NULL);
        if (strcmp(kinds[i].codec, "webp") == 0) continue;
        double got = psnr_of_file(kinds[i].name, video);
        if (!(got >= kinds[i].psnr - 1)) fail_msg("%s: %.2f dB", kinds[i].name, got);
    }
    free_video(video);
}

/* H.264 needs even sizes and gets one more row and column; the others keep theirs. */
static void test_odd_sizes(void **state) {
    i2v_video *video = make_video(3, WIDTH + 1, HEIGHT + 1);
    for (size_t i = 0; i < KINDS; i++) {
        int more = strcmp(kinds[i].codec, "h264") == 0;
        save(video, kinds[i].name, NULL);
        i2v_media_info info;
        assert_int_equal(i2v_media_probe(in_folder(kinds[i].name), &info, NULL), I2V_OK);
        assert_int_equal(info.width, WIDTH + 1 + more);
        assert_int_equal(info.height, HEIGHT + 1 + more);
        double got = more ? INFINITY : psnr_of_file(kinds[i].name, video);
        if (!(got >= kinds[i].psnr - 1)) fail_msg("%s: %.2f dB", kinds[i].name, got);
    }
    free_video(video);
}

static void test_same_bytes(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        uint8_t *first, *second;
        size_t first_size, second_size;
        save(video, kinds[i].name, NULL);
        assert_int_equal(i2v_file_read(&first, &first_size, in_folder(kinds[i].name), 1 << 24, NULL), I2V_OK);
        sleep(i == 0); /* a date in the file would change */
        save(video, kinds[i].name, NULL);
        assert_int_equal(i2v_file_read(&second, &second_size, in_folder(kinds[i].name), 1 << 24, NULL), I2V_OK);
        assert_int_equal(first_size, second_size);
        assert_memory_equal(first, second, first_size);
        free(first);
        free(second);
    }
    free_video(video);
}

/* 0 1 2 3 2 1 of four frames; one and two have nothing to go back over. */
static void test_loop(void **state) {
    static const int wanted[4][6] = {{0}, {0, 1}, {0, 1, 2, 1}, {0, 1, 2, 3, 2, 1}}, lengths[4] = {1, 2, 4, 6};
    for (int frames = 1; frames <= 4; frames++) {
        i2v_video *video = make_video(frames, WIDTH, HEIGHT);
        i2v_output output;
        i2v_output_default(&output);
        output.loop = 1;
        int length = lengths[frames - 1], ndim;
        size_t values = (size_t)WIDTH * HEIGHT * 3;
        save(video, "loop.npy", &output);
        float *data;
        int64_t shape[8];
        assert_int_equal(i2v_array_load(in_folder("loop.npy"), &data, shape, &ndim, NULL), I2V_OK);
        assert_int_equal(shape[0], length);
        i2v_video there_and_back = *video;
        there_and_back.num_frames = length;
        there_and_back.frames = data;
        for (int i = 0; i < length; i++) {
            const float *frame = video->frames + (size_t)wanted[frames - 1][i] * values;
            assert_memory_equal(data + (size_t)i * values, frame, values * sizeof *data);
        }
        /* what is written there and back is what that array would be */
        save(video, "loop.png", &output);
        assert_true(isinf(psnr_of_file("loop.png", &there_and_back)));
        save(video, "loop.gif", &output);
        save(video, "loop.webp", &output);
        save(video, "loop.mp4", &output);
        assert_true(psnr_of_file("loop.mp4", &there_and_back) > 38);
        i2v_media_info info;
        static const char *const others[] = {"loop.gif", "loop.webp", "loop.mp4"};
        for (int i = 0; i < 3; i++) {
            assert_int_equal(i2v_media_probe(in_folder(others[i]), &info, NULL), I2V_OK);
            assert_int_equal(info.num_frames, length);
        }
        i2v_array_free(data);
        free_video(video);
    }
    i2v_video *video = make_video(4, WIDTH, HEIGHT);
    empty_folder();
    save(video, "loop-%d.png", &(i2v_output){.crf = -1, .quality = -1, .loop = 1});
    assert_int_equal(count_files(), 6);
    assert_int_equal(access(in_folder("loop-6.png"), F_OK), 0);
    free_video(video);
}

static void test_images(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH + 1, HEIGHT);
    size_t size = (size_t)video->width * HEIGHT * 3;
    uint8_t *wanted = malloc(size), *got = malloc(size);
    save(video, "%04d.png", NULL);
    assert_int_equal(count_files(), FRAMES);
    for (int i = 0; i < FRAMES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%04d.png", i + 1);
        i2v_frame_to_u8(video->frames + (size_t)i * size, size, wanted);
        assert_int_equal(decode_ffmpeg(in_folder(name), got, 1), 1);
        assert_memory_equal(got, wanted, size);
    }
    free(wanted);
    free(got);
    free_video(video);
}

static void test_array(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    video->frames[5] = 1.5f; /* before rounding and clamping */
    save(video, "a.npy", NULL);
    float *data = NULL;
    int64_t shape[8];
    int ndim;
    assert_int_equal(i2v_array_load(in_folder("a.npy"), &data, shape, &ndim, NULL), I2V_OK);
    assert_memory_equal(data, video->frames, (size_t)FRAMES * WIDTH * HEIGHT * 3 * sizeof(float));
    i2v_array_free(data);
    check_probe(in_folder("a.npy"), "npy", "float32", WIDTH, HEIGHT, FRAMES, 0);
    free_video(video);
}

/* The second of two videos is written by index 1. */
static void test_index(void **state) {
    i2v_video *both = make_video(4, WIDTH, HEIGHT);
    both->num_videos = both->num_frames = 2;
    i2v_video second = *both;
    second.frames += 2 * (size_t)WIDTH * HEIGHT * 3;
    i2v_output output;
    i2v_output_default(&output);
    output.index = 1;
    save(both, "a.png", &output);
    assert_true(isinf(psnr_of_file("a.png", &second)));
    output.index = 2;
    assert_int_equal(i2v_video_save(both, in_folder("a.png"), &output, NULL), I2V_ERROR_PARAMETER);
    output.index = -1;
    assert_int_equal(i2v_video_save(both, in_folder("a.png"), &output, NULL), I2V_ERROR_PARAMETER);
    free_video(both);
}

static void test_nan(void **state) {
    i2v_video *video = make_video(2, 16, 16);
    for (size_t i = 0; i < 2 * 16 * 16 * 3; i++) video->frames[i] = NAN;
    for (size_t i = 0; i < KINDS; i++) save(video, kinds[i].name, NULL);
    uint8_t got[2 * 16 * 16 * 3] = {1}, black[2 * 16 * 16 * 3] = {0};
    assert_int_equal(decode_ffmpeg(in_folder("a.gif"), got, 2), 2);
    assert_memory_equal(got, black, sizeof got);
    free_video(video);
}

/* Up to 255 colours, far enough apart, come out of a GIF as they went in. */
static void test_gif_exact(void **state) {
    i2v_video *video = make_video(2, 32, 32);
    for (int i = 0; i < 2 * 32 * 32; i++) {
        int color = i % 32 / 2 * 15 + i / 2 / 32 % 15; /* 0..239 */
        float *pixel = video->frames + 3 * i;
        pixel[0] = (float)(color % 8 * 32 + 5) / 255;
        pixel[1] = (float)(color / 8 % 8 * 32 + 7) / 255;
        pixel[2] = (float)(color / 64 * 32 + 11) / 255;
    }
    save(video, "a.gif", NULL);
    assert_true(isinf(psnr_of_file("a.gif", video)));
    free_video(video);
}

/* The same again: nothing is printed. */
static void test_silence(void **state) {
    catch_stderr(NULL);
    test_all_endings(NULL);
    assert_int_equal(check_stderr(NULL), 0);
}

/* One video of each kind, 7 frames a second, and one of 24000/1001 (b.*), for tests/video_formats.sh. */
static int write_samples(const char *target) {
    snprintf(folder, sizeof folder, "%s", target);
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    i2v_output output;
    i2v_output_default(&output);
    output.metadata = "{\"program\": \"img2vid\"}";
    int failed = 0;
    for (size_t i = 0; i < KINDS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%s", kinds[i].name);
        output.fps = 0;
        failed |= i2v_video_save(video, in_folder(name), &output, NULL);
        name[0] = 'b';
        output.fps = 24000.0 / 1001;
        failed |= i2v_video_save(video, in_folder(name), &output, NULL);
    }
    free_video(video);
    return failed;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return write_samples(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_to_u8),
        cmocka_unit_test(test_yuv),
        cmocka_unit_test(test_fractions),
        IN_FOLDER(test_all_endings),
        IN_FOLDER(test_upper_case),
        IN_FOLDER(test_rates),
        IN_FOLDER(test_one_frame),
        IN_FOLDER(test_equal_frames),
        IN_FOLDER(test_odd_sizes),
        IN_FOLDER(test_same_bytes),
        IN_FOLDER(test_loop),
        IN_FOLDER(test_images),
        IN_FOLDER(test_array),
        IN_FOLDER(test_index),
        IN_FOLDER(test_nan),
        IN_FOLDER(test_gif_exact),
        IN_FOLDER(test_silence),
    };
    return cmocka_run_group_tests_name("video", tests, NULL, NULL);
}
