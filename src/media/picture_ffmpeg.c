/* BMP, TIFF and GIF by FFmpeg's decoders. Each of the three takes the whole file as one packet, so no demuxer, protocol
 * or probing is involved: nothing but the decoder named here ever sees the file. Samples are scaled to 8 bits here and
 * not by swscale, which rounds differently from Pillow at 5 and 6 bits. (CMYK TIFF is made RGB inside FFmpeg, up to 1
 * off Pillow.) */
#include "media/picture.h"
#include "media/quiet.h"

#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>

static const struct {
    const char *name;
    enum AVCodecID codec;
} formats[] = {
    [I2V_PICTURE_BMP] = {"BMP", AV_CODEC_ID_BMP},
    [I2V_PICTURE_TIFF] = {"TIFF", AV_CODEC_ID_TIFF},
    [I2V_PICTURE_GIF] = {"GIF", AV_CODEC_ID_GIF},
};

static i2v_status decode_frame(AVFrame *frame, const i2v_encoded *source, i2v_picture_format format, i2v_error *error) {
    i2v_status status = I2V_OK;
    const AVCodec *codec = avcodec_find_decoder(formats[format].codec);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    AVPacket *packet = av_packet_alloc();
    if (!context || !packet) {
        status = codec ? i2v_fail_memory(error, source->name, 0)
                       : i2v_fail(error, I2V_ERROR_UNSUPPORTED, "FFmpeg was built without %s: convert %s to PNG",
                                  formats[format].name, source->name);
        goto end;
    }
    context->log_level_offset = I2V_QUIET_LEVEL;
    context->thread_count = 1;
    packet->data = (uint8_t *)(uintptr_t)source->data; /* not owned: FFmpeg takes a padded copy */
    packet->size = (int)source->size;
    if (avcodec_open2(context, codec, NULL) < 0 || avcodec_send_packet(context, packet) < 0 ||
        avcodec_receive_frame(context, frame) < 0) {
        status = i2v_fail(error, I2V_ERROR_FORMAT, "%s is a truncated, damaged or unusual %s", source->name,
                          formats[format].name);
    }
end:
    av_packet_free(&packet);
    avcodec_free_context(&context);
    return status;
}

/* Samples of 5 or 6 bits as Pillow scales them; of 16, their high byte. */
static uint8_t sample_to_u8(unsigned sample, int depth) {
    if (depth > 8) return (uint8_t)(sample >> (depth - 8));
    return (uint8_t)(sample * 255 / ((1u << depth) - 1));
}

static void copy_palette_row(const AVFrame *frame, int y, uint8_t *out, int channels) {
    const uint32_t *palette = (const uint32_t *)(const void *)frame->data[1]; /* 0xAARRGGBB */
    const uint8_t *indices = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
    for (int x = 0; x < frame->width; x++, out += channels) {
        uint32_t color = palette[indices[x]];
        out[0] = (uint8_t)(color >> 16);
        out[1] = (uint8_t)(color >> 8);
        out[2] = (uint8_t)color;
        if (channels == 4) out[3] = (uint8_t)(color >> 24);
    }
}

/* One row of RGB or grey samples of any layout. samples has room for a row. */
static void copy_sample_row(const AVFrame *frame, const AVPixFmtDescriptor *layout, int y, uint16_t *samples,
                            uint8_t *out, int channels) {
    int color = layout->nb_components >= 3; /* else grey, grey with alpha */
    for (int c = 0; c < channels; c++) {
        int component = color ? c : c == 3;
        av_read_image_line2(samples, (const uint8_t **)frame->data, frame->linesize, layout, 0, y, component,
                            frame->width, 0, sizeof *samples);
        for (int x = 0; x < frame->width; x++) {
            uint8_t value = sample_to_u8(samples[x], layout->comp[component].depth);
            out[(size_t)x * (size_t)channels + (size_t)c] = value;
        }
    }
}

/* RGB, grey and palettes, which is what these decoders give for all but YCbCr TIFF. */
static int is_supported(const AVPixFmtDescriptor *layout) {
    if (!layout || layout->flags & (AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER)) return 0;
    if (layout->flags & AV_PIX_FMT_FLAG_PAL) return 1;
    return (layout->flags & AV_PIX_FMT_FLAG_RGB || layout->nb_components <= 2) && layout->comp[0].depth <= 16;
}

static i2v_status copy_frame(i2v_raster *raster, const AVFrame *frame, int alpha, const i2v_encoded *source,
                             const char *format, i2v_error *error) {
    const AVPixFmtDescriptor *layout = av_pix_fmt_desc_get(frame->format);
    if (!is_supported(layout)) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a %s with pixels of an unusual kind: convert it to PNG",
                        source->name, format);
    }
    int channels = alpha && layout->flags & AV_PIX_FMT_FLAG_ALPHA ? 4 : 3;
    i2v_status status = i2v_raster_alloc(raster, frame->width, frame->height, channels, source->name, error);
    if (status) return status;
    uint16_t *samples = malloc((size_t)frame->width * sizeof *samples);
    if (!samples) return i2v_fail_memory(error, source->name, (size_t)frame->width * sizeof *samples);
    for (int y = 0; y < frame->height; y++) {
        uint8_t *out = raster->pixels + (size_t)y * (size_t)frame->width * (size_t)channels;
        if (layout->flags & AV_PIX_FMT_FLAG_PAL) {
            copy_palette_row(frame, y, out, channels);
        } else {
            copy_sample_row(frame, layout, y, samples, out, channels);
        }
    }
    free(samples);
    return I2V_OK;
}

i2v_status i2v_decode_ffmpeg(i2v_raster *raster, const i2v_encoded *source, i2v_picture_format format,
                             i2v_error *error) {
    i2v_status status = i2v_precheck(raster, source, format, error);
    if (status) return status;
    if (format == I2V_PICTURE_TIFF) raster->orientation = i2v_exif_orientation(source->data, source->size);
    /* the fourth byte of a plain 32-bit BMP means nothing, but FFmpeg takes it for alpha */
    int alpha = format != I2V_PICTURE_BMP || i2v_bmp_has_alpha(source);
    AVFrame *frame = av_frame_alloc();
    if (!frame) return i2v_fail_memory(error, source->name, 0);
    status = decode_frame(frame, source, format, error);
    if (!status) status = copy_frame(raster, frame, alpha, source, formats[format].name, error);
    av_frame_free(&frame);
    return status;
}
