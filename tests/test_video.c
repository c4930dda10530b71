/* Videos of every ending are read back and compared with what went in; failures of every kind leave nothing behind.
 * `test_video --write FOLDER` writes one video of each ending for tests/video_formats.sh. */
#include "base/file.h"
#include "media/media.h"
#include "media/video.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <webp/decode.h>
#include <webp/mux.h>

enum { FRAMES = 7, WIDTH = 72, HEIGHT = 40 };

/* Bounds are 2 dB below what was measured (40.7, 40.0, 31.7 and 40.6 dB), for other versions of the encoders; a wrong
 * matrix or range costs more than that. */
static const struct kind {
    const char *name, *container, *codec;
    double psnr; /* dB, INFINITY: the same pixels */
} kinds[] = {
    {"a.mp4", "mp4", "h264", 38.7},      {"a.mkv", "mkv", "h264", 38.7}, {"a.mov", "mov", "h264", 38.7},
    {"a.webm", "webm", "vp9", 38.0},     {"a.gif", "gif", "gif", 29.7},  {"a.webp", "webp", "webp", 38.6},
    {"a.png", "apng", "apng", INFINITY},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- the synthetic video and its folder ------------------------------------------------------------------------- */

/* Colour gradients and a soft light that move by 2 pixels a frame. Smooth, so that 4:2:0 costs little. */
static i2v_video *make_video(int frames, int width, int height) {
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

static void free_video(i2v_video *video) {
    free(video->frames);
    free(video);
}

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int count_files(void) {
    DIR *dir = opendir(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(dir);
    return count;
}

static void empty_folder(void) {
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) unlink(in_folder(entry->d_name));
    closedir(dir);
}

static int set_up(void **state) {
    snprintf(folder, sizeof folder, "/tmp/i2v_test_video_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    empty_folder();
    return rmdir(folder);
}

static void save(const i2v_video *video, const char *name, const i2v_output *output) {
    i2v_error error = {0};
    if (i2v_video_save(video, in_folder(name), output, &error)) fail_msg("%s: %s", name, error.message);
}

/* The file's i2v_media_info must be this; fps within a millionth. */
static void check_probe(const char *path, const char *container, const char *codec, int width, int height,
                        int64_t frames, double fps) {
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

/* ---- reading back ----------------------------------------------------------------------------------------------- */

/* Appends a decoded frame as RGB, by the matrix and range its file says. */
static void append_rgb(const AVFrame *frame, uint8_t *rgb, int *count, int limit) {
    assert_true(*count < limit);
    struct SwsContext *scaler =
        sws_getContext(frame->width, frame->height, frame->format, frame->width, frame->height, AV_PIX_FMT_RGB24,
                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, NULL, NULL, NULL);
    if (frame->format == AV_PIX_FMT_YUV420P) {
        assert_int_equal(frame->colorspace, AVCOL_SPC_BT709);
        assert_int_equal(frame->color_range, AVCOL_RANGE_MPEG);
        sws_setColorspaceDetails(scaler, sws_getCoefficients(SWS_CS_ITU709), 0, sws_getCoefficients(SWS_CS_ITU709), 1,
                                 0, 1 << 16, 1 << 16);
    }
    uint8_t *planes[4] = {rgb + (size_t)*count * frame->width * frame->height * 3};
    int strides[4] = {3 * frame->width};
    sws_scale(scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, planes, strides);
    sws_freeContext(scaler);
    ++*count;
}

static int decode_ffmpeg(const char *path, uint8_t *rgb, int limit) {
    AVFormatContext *demuxer = NULL;
    assert_int_equal(avformat_open_input(&demuxer, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(demuxer, NULL) >= 0);
    const AVCodecParameters *parameters = demuxer->streams[0]->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    AVCodecContext *decoder = avcodec_alloc_context3(codec);
    avcodec_parameters_to_context(decoder, parameters);
    assert_int_equal(avcodec_open2(decoder, codec, NULL), 0);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int count = 0;
    for (int ended = 0; !ended;) {
        ended = av_read_frame(demuxer, packet) < 0;
        avcodec_send_packet(decoder, ended ? NULL : packet);
        while (avcodec_receive_frame(decoder, frame) >= 0) append_rgb(frame, rgb, &count, limit);
        av_packet_unref(packet);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
    avformat_close_input(&demuxer);
    return count;
}

/* Lays one frame of an animation over the canvas [height][width][3]. */
static void blend_webp(const WebPMuxFrameInfo *frame, uint8_t *canvas, int width) {
    int frame_width, frame_height;
    uint8_t *rgba = WebPDecodeRGBA(frame->bitstream.bytes, frame->bitstream.size, &frame_width, &frame_height);
    assert_non_null(rgba);
    assert_int_equal(frame->dispose_method, WEBP_MUX_DISPOSE_NONE);
    for (int y = 0; y < frame_height; y++) {
        for (int x = 0; x < frame_width; x++) {
            const uint8_t *from = rgba + 4 * ((size_t)y * frame_width + x);
            uint8_t *to = canvas + 3 * ((size_t)(y + frame->y_offset) * width + x + frame->x_offset);
            if (from[3] || frame->blend_method == WEBP_MUX_NO_BLEND) memcpy(to, from, 3);
        }
    }
    WebPFree(rgba);
}

static int decode_webp(const char *path, uint8_t *rgb, int limit) {
    uint8_t *bytes;
    size_t size;
    assert_int_equal(i2v_file_read(&bytes, &size, path, 1 << 24, NULL), I2V_OK);
    WebPMux *mux = WebPMuxCreate(&(WebPData){bytes, size}, 0);
    assert_non_null(mux);
    WebPMuxAnimParams animation;
    if (WebPMuxGetAnimationParams(mux, &animation) == WEBP_MUX_OK) assert_int_equal(animation.loop_count, 0);
    int width, height, count = 0;
    WebPMuxGetCanvasSize(mux, &width, &height);
    size_t frame_size = (size_t)width * height * 3;
    for (WebPMuxFrameInfo frame; WebPMuxGetFrame(mux, (uint32_t)count + 1, &frame) == WEBP_MUX_OK; count++) {
        if (count == limit) break;
        uint8_t *canvas = rgb + (size_t)count * frame_size;
        if (count) memcpy(canvas, canvas - frame_size, frame_size);
        blend_webp(&frame, canvas, width);
        WebPDataClear(&frame.bitstream);
        if (frame.id == WEBP_CHUNK_IMAGE) limit = 1; /* a still: every index gives it */
    }
    WebPMuxDelete(mux);
    free(bytes);
    return count;
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum == 0 ? INFINITY : 10 * log10(255.0 * 255.0 * (double)count / sum);
}

/* Of the file's frames against the video's; their number must be the same. */
static double psnr_of_file(const char *name, const i2v_video *video) {
    size_t count = (size_t)video->num_frames * video->width * video->height * 3;
    uint8_t *wanted = malloc(count), *got = calloc(1, count);
    i2v_frame_to_u8(video->frames, count, wanted);
    int frames = strstr(name, ".webp") ? decode_webp(in_folder(name), got, video->num_frames)
                                       : decode_ffmpeg(in_folder(name), got, video->num_frames);
    assert_int_equal(frames, video->num_frames);
    double result = psnr(wanted, got, count);
    free(wanted);
    free(got);
    return result;
}

/* ---- what is written -------------------------------------------------------------------------------------------- */

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

static void test_all_endings(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *kind = &kinds[i];
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
        const struct kind *kind = &kinds[i];
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

/* ---- what is refused -------------------------------------------------------------------------------------------- */

/* Saving to path fails with this status, a message that holds `part`, and leaves nothing. */
static void check_refused(const i2v_video *video, const char *path, const i2v_output *output, i2v_status status,
                          const char *part) {
    i2v_error error = {0};
    int before = count_files();
    i2v_status got = i2v_video_save(video, path, output, &error);
    if (got != status || !strstr(error.message, part)) fail_msg("%s: status %d: %s", path, got, error.message);
    assert_int_equal(count_files(), before);
    assert_int_equal(i2v_video_save(video, path, output, NULL), status);
}

static void test_paths(void **state) {
    i2v_video *video = make_video(2, 16, 16);
    static const char *const patterns[] = {"%d%d.png", "%s.png", "%.png",    "%5d.png",  "%0d.png",   "%010d.png",
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
        check_refused(video, in_folder("a.mp4"), &output, I2V_ERROR_PARAMETER, "fps");
    }
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

/* ---- probing ---------------------------------------------------------------------------------------------------- */

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

static void write_file(const char *name, const uint8_t *data, size_t size) {
    FILE *file = fopen(in_folder(name), "wb");
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
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

/* ---- other codecs, one scale of quality, there and back -------------------------------------------------------- */

/* Bounds as above: 40.7 dB was measured of H.265, 40.0 of VP9 and 39.4 of AV1. */
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
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "bitrate is 18446744073709551615");
    output.bitrate = 20000;
    output.quality = 50;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "bitrate excludes");
    output.quality = -1;
    output.crf = 20;
    check_refused(video, in_folder("b.mp4"), &output, I2V_ERROR_PARAMETER, "bitrate excludes");
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

/* ---- silence ---------------------------------------------------------------------------------------------------- */

static int real_stderr;

/* All of this program's stderr goes into a file, which must stay empty: neither the library nor those under it print.
 * The decoders of this test run in it too, on good files. */
static int catch_stderr(void **state) {
    char name[] = "/tmp/i2v_test_video_stderr_XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    fflush(stderr);
    real_stderr = dup(2);
    dup2(file, 2);
    return close(file);
}

static int check_stderr(void **state) {
    char text[256] = "";
    fflush(stderr);
    lseek(2, 0, SEEK_SET);
    ssize_t size = read(2, text, sizeof text - 1);
    dup2(real_stderr, 2);
    close(real_stderr);
    if (size > 0) fprintf(stderr, "printed: %s\n", text);
    return size > 0;
}

static void test_silence(void **state) {
    catch_stderr(NULL);
    test_all_endings(NULL);
    test_crf(NULL);
    test_short_clips(NULL); /* which decodes nothing: the decoder of AV1 says which one it is */
    test_codecs_refused(NULL);
    test_parameters(NULL);
    test_disk_full(NULL);
    test_probe_damaged(NULL);
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

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
        IN_FOLDER(test_crf),
        IN_FOLDER(test_codecs),
        IN_FOLDER(test_short_clips),
        IN_FOLDER(test_codecs_refused),
        IN_FOLDER(test_quality),
        IN_FOLDER(test_bitrate),
        IN_FOLDER(test_loop),
        IN_FOLDER(test_images),
        IN_FOLDER(test_array),
        IN_FOLDER(test_index),
        IN_FOLDER(test_nan),
        IN_FOLDER(test_gif_exact),
        IN_FOLDER(test_paths),
        IN_FOLDER(test_parameters),
        IN_FOLDER(test_missing_encoder),
        IN_FOLDER(test_cancel),
        IN_FOLDER(test_earlier_files_stay),
        IN_FOLDER(test_disk_full),
        cmocka_unit_test(test_probe_pictures),
        IN_FOLDER(test_probe_refuses),
        IN_FOLDER(test_probe_truncated),
        IN_FOLDER(test_probe_damaged),
        IN_FOLDER(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
