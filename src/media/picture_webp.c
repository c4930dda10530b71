/* WebP by libwebp: still pictures, and the first frame of an animation on its canvas. */
#include "media/picture.h"

#include <webp/decode.h>
#include <webp/mux.h>

static i2v_status fail_webp(VP8StatusCode code, const i2v_encoded *source, i2v_error *error) {
    if (code == VP8_STATUS_NOT_ENOUGH_DATA || code == VP8_STATUS_SUSPENDED) return i2v_fail_truncated(source, error);
    if (code == VP8_STATUS_OUT_OF_MEMORY) return i2v_fail_memory(error, source->name, 0);
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a WebP that cannot be read (it is damaged)", source->name);
}

/* libwebp holds lossless pictures whole in 32 bits, of lossy ones some rows, and transparency whole (8 bits, and to
 * unpack it up to 32); of an animation's frame, also a copy of its bytes. */
static uint64_t working_memory(const WebPBitstreamFeatures *features, const i2v_encoded *source) {
    uint64_t pixels = (uint64_t)features->width * (uint64_t)features->height, rows = (uint64_t)features->width * 256;
    int lossy = features->format == 1; /* 0: mixed, of an animation */
    uint64_t whole = !lossy ? 5 * pixels : features->has_alpha ? 5 * pixels : 0;
    return whole + rows + (features->has_animation ? source->size : 0) + ((uint64_t)1 << 20);
}

/* Decodes a still picture of the raster's channels into the raster at (x, y), where it is known to fit. */
static i2v_status decode_at(i2v_raster *raster, const WebPData *still, int x, int y, const i2v_encoded *source,
                            i2v_error *error) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        return i2v_fail(error, I2V_ERROR_INTERNAL, "libwebp is of another version than its headers");
    }
    size_t stride = (size_t)raster->width * (size_t)raster->channels;
    size_t start = (size_t)y * stride + (size_t)x * (size_t)raster->channels;
    config.output.colorspace = raster->channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = raster->pixels + start;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = (size_t)raster->height * stride - start;
    VP8StatusCode code = WebPDecode(still->bytes, still->size, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? I2V_OK : fail_webp(code, source, error);
}

static i2v_status decode_first_frame(i2v_raster *raster, const WebPMux *mux, const i2v_encoded *source,
                                     i2v_error *error) {
    WebPMuxFrameInfo frame = {0};
    WebPBitstreamFeatures features;
    int width = 0, height = 0;
    i2v_status status = I2V_OK;
    if (!mux || WebPMuxGetCanvasSize(mux, &width, &height) != WEBP_MUX_OK ||
        WebPMuxGetFrame(mux, 1, &frame) != WEBP_MUX_OK ||
        WebPGetFeatures(frame.bitstream.bytes, frame.bitstream.size, &features) != VP8_STATUS_OK ||
        frame.x_offset < 0 || frame.y_offset < 0 || features.width > width - frame.x_offset ||
        features.height > height - frame.y_offset) {
        status = i2v_fail(error, I2V_ERROR_FORMAT, "%s is a truncated or damaged animated WebP", source->name);
        goto end;
    }
    status = i2v_raster_alloc(raster, width, height, 4, source->name, error);
    if (status) goto end;
    status = decode_at(raster, &frame.bitstream, frame.x_offset, frame.y_offset, source, error);
end:
    WebPDataClear(&frame.bitstream);
    return status;
}

static void read_orientation(i2v_raster *raster, const WebPMux *mux) {
    WebPData exif = {0}, xmp = {0};
    if (!mux) return;
    if (WebPMuxGetChunk(mux, "EXIF", &exif) != WEBP_MUX_OK) exif.size = 0;
    if (WebPMuxGetChunk(mux, "XMP ", &xmp) != WEBP_MUX_OK) xmp.size = 0;
    raster->orientation = i2v_orientation(exif.bytes, exif.size, xmp.bytes, xmp.size);
}

i2v_status i2v_decode_webp(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    WebPBitstreamFeatures features;
    VP8StatusCode code = WebPGetFeatures(source->data, source->size, &features);
    if (code != VP8_STATUS_OK) return fail_webp(code, source, error);
    WebPData whole = {source->data, source->size};
    WebPMux *mux =
        WebPMuxCreate(&whole, 0); /* NULL for what it finds broken; a still picture may decode all the same */
    i2v_status status;
    raster->working = working_memory(&features, source);
    if (features.has_animation) {
        status = decode_first_frame(raster, mux, source, error);
    } else {
        status =
            i2v_raster_alloc(raster, features.width, features.height, features.has_alpha ? 4 : 3, source->name, error);
        if (!status) status = decode_at(raster, &whole, 0, 0, source, error);
    }
    read_orientation(raster, mux);
    WebPMuxDelete(mux);
    return status;
}
