/* GIF by FFmpeg's decoder, which takes the whole file as one packet, so that no demuxer, protocol or probing is involved:
 * nothing but this decoder ever sees the file. It gives the first frame. */
#include "media/picture.h"
#include "media/quiet.h"

#include <libavcodec/avcodec.h>

static i2v_status decode_frame(AVFrame *frame, const i2v_encoded *source, i2v_error *error) {
    i2v_status status = I2V_OK;
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_GIF);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *packet = av_packet_alloc();
    if (!context || !packet) {
        status = codec ? i2v_fail_memory(error, source->name, 0)
                       : i2v_fail(error, I2V_ERROR_UNSUPPORTED, "FFmpeg was built without GIF: convert %s to PNG",
                                  source->name);
        goto end;
    }
    context->log_level_offset = I2V_QUIET_LEVEL;
    context->thread_count = 1;
    packet->data = (uint8_t *)(uintptr_t)source->data; /* not owned: FFmpeg takes a padded copy */
    packet->size = (int)source->size;
    if (avcodec_open2(context, codec, NULL) < 0 || avcodec_send_packet(context, packet) < 0 ||
        avcodec_receive_frame(context, frame) < 0 || frame->format != AV_PIX_FMT_RGB32) {
        status = i2v_fail(error, I2V_ERROR_FORMAT, "%s is a truncated, damaged or unusual GIF", source->name);
    }
end:
    av_packet_free(&packet);
    avcodec_free_context(&context);
    return status;
}

static i2v_status copy_frame(i2v_raster *raster, const AVFrame *frame, const i2v_encoded *source, i2v_error *error) {
    i2v_status status = i2v_raster_alloc(raster, frame->width, frame->height, 4, source->name, error);
    uint8_t *out = raster->pixels;
    for (int y = 0; !status && y < frame->height; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)(frame->data[0] + (ptrdiff_t)y * frame->linesize[0]);
        for (int x = 0; x < frame->width; x++, out += 4) {
            out[0] = (uint8_t)(row[x] >> 16); /* 0xAARRGGBB */
            out[1] = (uint8_t)(row[x] >> 8);
            out[2] = (uint8_t)row[x];
            out[3] = (uint8_t)(row[x] >> 24);
        }
    }
    return status;
}

i2v_status i2v_decode_gif(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    i2v_status status = i2v_precheck_gif(source, error);
    if (status) return status;
    AVFrame *frame = av_frame_alloc();
    if (!frame) return i2v_fail_memory(error, source->name, 0);
    status = decode_frame(frame, source, error);
    if (!status) status = copy_frame(raster, frame, source, error);
    av_frame_free(&frame);
    return status;
}
