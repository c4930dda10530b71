/* Frames of a video file, decoded by other means than ours. */
#include "video_frames.h"

#include "base/file.h"
#include "media/media.h"
#include "temporary_folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
#include <webp/decode.h>
#include <webp/mux.h>

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

int decode_ffmpeg(const char *path, uint8_t *rgb, int limit) {
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

double psnr_of_file(const char *name, const i2v_video *video) {
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
