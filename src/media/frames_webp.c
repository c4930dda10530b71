/* Frames of an animated WebP, by libwebpdemux. */
#include "media/frame_reader.h"

#include <webp/demux.h>

static i2v_status fail_damaged(const i2v_frame_reader *reader, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a damaged WebP, or there is not enough memory", reader->path);
}

static i2v_status open_webp(i2v_frame_reader *reader, i2v_error *error) {
    WebPAnimDecoderOptions options;
    WebPAnimInfo info;
    if (!WebPAnimDecoderOptionsInit(&options)) {
        return i2v_fail(error, I2V_ERROR_INTERNAL, "libwebpdemux is of another version than its headers");
    }
    options.color_mode = MODE_RGBA;
    const WebPData data = {reader->source.data, reader->source.size};
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, &options);
    reader->state = decoder;
    if (!decoder || !WebPAnimDecoderGetInfo(decoder, &info)) return fail_damaged(reader, error);
    if ((int)info.canvas_width == reader->info.width && (int)info.canvas_height == reader->info.height) return I2V_OK;
    return i2v_frames_fail_size(reader, (int)info.canvas_width, (int)info.canvas_height, error);
}

static i2v_status next_webp(i2v_frame_reader *reader, uint8_t *rgb, int *ended, i2v_error *error) {
    WebPAnimDecoder *decoder = reader->state;
    uint8_t *rgba = NULL;
    int timestamp;
    *ended = !WebPAnimDecoderHasMoreFrames(decoder);
    if (*ended) return I2V_OK;
    if (!WebPAnimDecoderGetNext(decoder, &rgba, &timestamp)) return fail_damaged(reader, error);
    i2v_frames_over_white(rgba, (size_t)reader->info.width * (size_t)reader->info.height, rgb);
    return I2V_OK;
}

static void close_webp(i2v_frame_reader *reader) {
    WebPAnimDecoderDelete(reader->state);
}

/* Two canvases of RGBA, and what a frame on its way takes. */
const i2v_frame_kind i2v_frames_webp = {.open = open_webp, .next = next_webp, .close = close_webp, .held = 4};
