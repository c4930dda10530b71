/* Frames come out of files as they went in, one after the other; files of frames that a caller makes are those of a
 * video; damaged files give an error. */
#include "base/file.h"
#include "media/frame_rgb.h"
#include "media/media.h"
#include "video_files.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEDIA I2V_TEST_DATA "/media/"

static double psnr(const uint8_t *a, const uint8_t *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum == 0 ? INFINITY : 10 * log10(255.0 * 255.0 * (double)count / sum);
}

/* Reads all frames of a file; they must be the video's, to that many dB. */
static void check_frames(const char *path, const i2v_video *video, double bound, double fps) {
    i2v_frame_reader *reader;
    i2v_media_info info;
    i2v_error error = {0};
    i2v_image *image, *wanted;
    int ended = 0, frames = 0;
    if (i2v_frame_reader_open(&reader, path, &info, &error)) fail_msg("%s: %s", path, error.message);
    assert_int_equal(info.width, video->width);
    assert_int_equal(info.height, video->height);
    assert_int_equal(info.num_frames, video->num_frames);
    if (fabs(info.fps - fps) > 0.05) fail_msg("%s: %g frames a second", path, info.fps);
    assert_int_equal(i2v_image_new(&image, info.width, info.height, NULL), I2V_OK);
    for (;; frames++) {
        if (i2v_frame_reader_next(reader, image, &ended, &error)) fail_msg("%s: %s", path, error.message);
        if (ended) break;
        assert_int_equal(i2v_video_frame(&wanted, video, 0, frames, NULL), I2V_OK);
        double found = psnr(image->pixels, wanted->pixels, 3 * (size_t)info.width * (size_t)info.height);
        if (found < bound) fail_msg("%s, frame %d: %.1f dB, less than %.1f", path, frames, found, bound);
        i2v_image_free(wanted);
    }
    assert_int_equal(frames, video->num_frames);
    assert_int_equal(i2v_frame_reader_next(reader, image, &ended, NULL), I2V_OK);
    assert_true(ended);
    i2v_image_free(image);
    i2v_frame_reader_close(reader);
}

static void test_reads_what_is_written(void **state) {
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t i = 0; i < KINDS; i++) {
        save(video, kinds[i].name, NULL);
        check_frames(in_folder(kinds[i].name), video, kinds[i].psnr - 4, 7); /* that of all frames is the bound */
    }
    i2v_output output;
    i2v_output_default(&output);
    output.codec = I2V_CODEC_FFV1;
    save(video, "lossless.mkv", &output);
    check_frames(in_folder("lossless.mkv"), video, INFINITY, 7);
    save(video, "%02d.png", NULL);
    check_frames(in_folder("%02d.png"), video, INFINITY, 0);
    save(video, "a.npy", NULL);
    check_frames(in_folder("a.npy"), video, INFINITY, 0);
    free_video(video);
}

static void test_reads_pictures(void **state) {
    static const char *const names[] = {MEDIA "orientation6.jpg", MEDIA "rgb16.png", MEDIA "lossy_alpha.webp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        i2v_frame_reader *reader;
        i2v_media_info info;
        i2v_image *image, *wanted;
        int ended;
        assert_int_equal(i2v_image_load(&wanted, names[i], I2V_ALPHA_WHITE, NULL), I2V_OK);
        assert_int_equal(i2v_frame_reader_open(&reader, names[i], &info, NULL), I2V_OK);
        assert_int_equal(info.num_frames, 1);
        assert_true(info.fps == 0 && info.width == wanted->width && info.height == wanted->height);
        assert_int_equal(i2v_image_new(&image, info.width, info.height, NULL), I2V_OK);
        assert_int_equal(i2v_frame_reader_next(reader, image, &ended, NULL), I2V_OK);
        assert_false(ended);
        assert_memory_equal(image->pixels, wanted->pixels, 3 * (size_t)info.width * (size_t)info.height);
        assert_int_equal(i2v_frame_reader_next(reader, image, &ended, NULL), I2V_OK);
        assert_true(ended);
        i2v_frame_reader_close(reader);
        i2v_image_free(image);
        i2v_image_free(wanted);
    }
}

/* ---- files of frames -------------------------------------------------------------------------------------------- */

typedef struct maker {
    const i2v_video *video;
    int next, asked;
    i2v_status status; /* of the last frame */
} maker;

static i2v_status make(int frame, i2v_image *image, void *user, i2v_error *error) {
    maker *self = user;
    i2v_image *from;
    assert_true(frame == self->next || frame == 0); /* from the beginning again, for a GIF */
    self->next = frame + 1;
    self->asked++;
    assert_int_equal(i2v_video_frame(&from, self->video, 0, frame, NULL), I2V_OK);
    memcpy(image->pixels, from->pixels, 3 * (size_t)image->width * (size_t)image->height);
    i2v_image_free(from);
    if (frame + 1 < self->video->num_frames || self->status == I2V_OK) return I2V_OK;
    if (error) *error = (i2v_error){.status = self->status, .message = "the frame is out"};
    return self->status;
}

static void test_saves_frames(void **state) {
    static const char *const names[] = {"a.mp4", "a.webm", "a.gif", "a.webp", "a.png", "%d.png"};
    i2v_video *video = make_video(FRAMES, WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        maker self = {.video = video};
        const i2v_frame_source source = {WIDTH, HEIGHT, FRAMES, 7, make, &self};
        char file[600];
        uint8_t *data[2];
        size_t size[2];
        i2v_error error = {0};
        assert_int_equal(i2v_video_file(in_folder(names[i]), 2, file, sizeof file, NULL), I2V_OK);
        save(video, names[i], NULL);
        assert_int_equal(i2v_file_read(&data[0], &size[0], file, 1 << 24, NULL), I2V_OK);
        if (i2v_frames_save(&source, in_folder(names[i]), NULL, &error)) fail_msg("%s: %s", names[i], error.message);
        assert_int_equal(i2v_file_read(&data[1], &size[1], file, 1 << 24, NULL), I2V_OK);
        assert_int_equal(self.asked, strstr(names[i], "gif") ? 2 * FRAMES : FRAMES);
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(data[0], data[1], size[0]);
        free(data[0]);
        free(data[1]);
    }
    free_video(video);
}

static void test_saves_no_frames(void **state) {
    i2v_video *video = make_video(3, 32, 32);
    maker self = {.video = video, .status = I2V_ERROR_NETWORK};
    const i2v_frame_source source = {32, 32, 3, 7, make, &self};
    i2v_error error = {0};
    assert_int_equal(i2v_frames_save(&source, in_folder("a.npy"), NULL, &error), I2V_ERROR_PARAMETER);
    assert_non_null(strstr(error.message, "not rounded to 8 bits"));
    assert_int_equal(self.asked, 0);
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "a.gif" : "a.mp4";
        assert_int_equal(i2v_frames_save(&source, in_folder(name), NULL, &error), I2V_ERROR_NETWORK);
        assert_string_equal(error.message, "the frame is out");
        assert_int_equal(count_files(), 0);
    }
    free_video(video);
}

/* ---- what is wrong ---------------------------------------------------------------------------------------------- */

/* Reads to the end or an error. Returns the frames that came. */
static int read_all(const char *path, i2v_error *error) {
    i2v_frame_reader *reader;
    i2v_media_info info;
    i2v_image *image = NULL;
    int ended = 0, frames = 0;
    *error = (i2v_error){0};
    if (i2v_frame_reader_open(&reader, path, &info, error)) {
        assert_null(reader);
        assert_true(*error->message);
        return 0;
    }
    assert_int_equal(i2v_image_new(&image, info.width, info.height, NULL), I2V_OK);
    while (!ended && frames < 1000) {
        i2v_status status = i2v_frame_reader_next(reader, image, &ended, error);
        assert_true(!status || (ended && *error->message && error->status == status));
        frames += !ended;
    }
    assert_true(ended);
    if (error->status) assert_int_not_equal(i2v_frame_reader_next(reader, image, &ended, NULL), I2V_OK);
    i2v_image_free(image);
    i2v_frame_reader_close(reader);
    return frames;
}

static void expect(const char *name, i2v_status status, const char *words) {
    i2v_error error;
    read_all(in_folder(name), &error);
    if (error.status != status || !strstr(error.message, words))
        fail_msg("%s: %d, %s", name, error.status, error.message);
}

static void test_refuses(void **state) {
    i2v_video *video = make_video(3, 32, 32), *other = make_video(3, 32, 48);
    const int64_t shape[4] = {3, 32, 32, 4};
    save(video, "%d.png", NULL);
    save(other, "b%d.png", NULL);
    rename(in_folder("b2.png"), "/tmp/i2v_test_frames_other.png");
    assert_int_equal(rename("/tmp/i2v_test_frames_other.png", in_folder("2.png")), 0);
    expect("%d.png", I2V_ERROR_FORMAT, "there is one of 32 x 48");
    expect("c%d.png", I2V_ERROR_IO, "c1.png");
    expect("%x.png", I2V_ERROR_PARAMETER, "pattern");
    expect("missing.mp4", I2V_ERROR_IO, "missing.mp4");
    write_text("text.mp4", "no video at all, but a text");
    expect("text.mp4", I2V_ERROR_FORMAT, "text.mp4");
    float *values = calloc(3 * 32 * 32 * 4, sizeof *values);
    assert_int_equal(i2v_array_save(in_folder("four.npy"), values, shape, 4, NULL), I2V_OK);
    expect("four.npy", I2V_ERROR_FORMAT, "[frames, height, width, 3]");
    free(values);
    free_video(video);
    free_video(other);
}

/* Cut files, then changed ones. Reproducible: a linear congruence. */
static void test_damaged(void **state) {
    i2v_video *video = make_video(4, 32, 32);
    uint32_t random = 1;
    i2v_error error;
    for (size_t kind = 0; kind < KINDS; kind++) {
        uint8_t *data;
        size_t size;
        save(video, kinds[kind].name, NULL);
        assert_int_equal(i2v_file_read(&data, &size, in_folder(kinds[kind].name), 1 << 24, NULL), I2V_OK);
        write_file("x", data, size / 2);
        int frames = read_all(in_folder("x"), &error);
        if (!error.status && frames == 4) fail_msg("half of %s has all frames", kinds[kind].name);
        for (int i = 0; i < 60; i++) {
            uint8_t kept[3];
            size_t at[3];
            for (int k = 0; k < 3; k++) {
                random = random * 1664525u + 1013904223u;
                at[k] = (random >> 8) % size;
                kept[k] = data[at[k]];
                data[at[k]] = (uint8_t)(random >> 3);
            }
            write_file("x", data, size);
            read_all(in_folder("x"), &error);
            for (int k = 2; k >= 0; k--) data[at[k]] = kept[k];
        }
        free(data);
    }
    free_video(video);
}

/* ---- pixels ----------------------------------------------------------------------------------------------------- */

/* BT.709 of 8 bits, or full range, times 2^(depth - 8). */
static void yuv_of(const double rgb[3], int full, int depth, double yuv[3]) {
    double luma = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2], step = ldexp(1, depth - 8);
    double most = ldexp(1, depth) - 1;
    yuv[0] = full ? luma * most : (16 + 219 * luma) * step;
    yuv[1] = 128 * step + (rgb[2] - luma) / 1.8556 * (full ? most : 224 * step);
    yuv[2] = 128 * step + (rgb[0] - luma) / 1.5748 * (full ? most : 224 * step);
}

/* A frame of one colour. */
static AVFrame *make_frame(enum AVPixelFormat format, int full, const double rgb[3]) {
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(format);
    AVFrame *frame = av_frame_alloc();
    frame->format = format;
    frame->width = 17;
    frame->height = 9;
    frame->colorspace = AVCOL_SPC_BT709;
    frame->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    /* av_write_image_line adds bits to what is there */
    for (int i = 0; i < AV_NUM_DATA_POINTERS && frame->buf[i]; i++) memset(frame->buf[i]->data, 0, frame->buf[i]->size);
    double values[4], depth = kind->comp[0].depth;
    yuv_of(rgb, full, (int)depth, values);
    if (kind->flags & AV_PIX_FMT_FLAG_RGB)
        for (int c = 0; c < 3; c++) values[c] = rgb[c] * (ldexp(1, (int)depth) - 1);
    for (int c = 0; c < kind->nb_components; c++) {
        int is_chroma = !(kind->flags & AV_PIX_FMT_FLAG_RGB) && (c == 1 || c == 2) && kind->nb_components > 2;
        int is_alpha = kind->flags & AV_PIX_FMT_FLAG_ALPHA && c == kind->nb_components - 1;
        int width = is_chroma ? AV_CEIL_RSHIFT(17, kind->log2_chroma_w) : 17;
        int height = is_chroma ? AV_CEIL_RSHIFT(9, kind->log2_chroma_h) : 9;
        uint16_t row[17];
        double most = ldexp(1, (int)depth) - 1;
        for (int x = 0; x < width; x++) row[x] = (uint16_t)lrint(is_alpha ? most : fmin(most, values[c]));
        for (int y = 0; y < height; y++) av_write_image_line(row, frame->data, frame->linesize, kind, 0, y, c, width);
    }
    return frame;
}

static void test_pixel_formats(void **state) {
    static const struct {
        enum AVPixelFormat format;
        int full, is_grey;
    } cases[] = {
        {AV_PIX_FMT_YUV420P, 0, 0},  {AV_PIX_FMT_YUV420P, 1, 0},     {AV_PIX_FMT_YUV422P, 0, 0},
        {AV_PIX_FMT_YUV444P, 0, 0},  {AV_PIX_FMT_YUV411P, 0, 0},     {AV_PIX_FMT_YUV420P10LE, 0, 0},
        {AV_PIX_FMT_NV12, 0, 0},     {AV_PIX_FMT_YUV444P12LE, 1, 0}, {AV_PIX_FMT_YUVA420P, 0, 0},
        {AV_PIX_FMT_YUVJ420P, 1, 0}, {AV_PIX_FMT_GBRP, 1, 0},        {AV_PIX_FMT_BGRA, 1, 0},
        {AV_PIX_FMT_RGB48BE, 1, 0},  {AV_PIX_FMT_RGB24, 1, 0},       {AV_PIX_FMT_GRAY8, 1, 1},
        {AV_PIX_FMT_GRAY16BE, 1, 1},
    };
    static const double colors[][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}, {0, 0, 0}, {0.5, 0.25, 0.75}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < sizeof colors / sizeof *colors; k++) {
            uint8_t rgb[17 * 9 * 3];
            AVFrame *frame = make_frame(cases[i].format, cases[i].full, colors[k]);
            assert_int_equal(i2v_frame_to_rgb(frame, rgb, "x", NULL), I2V_OK);
            double luma = 0.2126 * colors[k][0] + 0.7152 * colors[k][1] + 0.0722 * colors[k][2];
            for (size_t at = 0; at < sizeof rgb; at++) {
                double wanted = 255 * (cases[i].is_grey ? luma : colors[k][at % 3]);
                if (fabs(rgb[at] - wanted) > 2)
                    fail_msg("%s, colour %zu: %d, not %g", av_get_pix_fmt_name(cases[i].format), k, rgb[at], wanted);
            }
            av_frame_free(&frame);
        }
    }
    AVFrame *frame = av_frame_alloc();
    frame->format = AV_PIX_FMT_GRAYF32LE;
    frame->width = frame->height = 1;
    i2v_error error = {0};
    assert_int_equal(i2v_frame_to_rgb(frame, (uint8_t[3]){0}, "x", &error), I2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "grayf32le"));
    av_frame_free(&frame);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_reads_what_is_written),
        cmocka_unit_test(test_reads_pictures),
        IN_FOLDER(test_saves_frames),
        IN_FOLDER(test_saves_no_frames),
        IN_FOLDER(test_refuses),
        IN_FOLDER(test_damaged),
        cmocka_unit_test(test_pixel_formats),
    };
    return cmocka_run_group_tests(tests, catch_stderr, check_stderr);
}
