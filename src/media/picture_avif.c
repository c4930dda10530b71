/* AVIF by libavif, with the settings that Pillow leaves at their defaults. Of a sequence, the first frame. Rotation and
 * mirroring are the container's, which override EXIF there. */
#include "media/picture_rare.h"

#include <avif/avif.h>

#if AVIF_VERSION >= 1000000
#define MIRROR_AXIS(image) ((image)->imir.axis)
#else
#define MIRROR_AXIS(image) ((image)->imir.mode) /* the same values under an older name */
#endif

static i2v_status fail_avif(avifResult result, const i2v_encoded *source, i2v_error *error) {
    if (result == AVIF_RESULT_TRUNCATED_DATA) return i2v_fail_truncated(source, error);
    if (result == AVIF_RESULT_NO_CODEC_AVAILABLE) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "libavif was built without a decoder: convert %s to PNG",
                        source->name);
    }
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is an AVIF that cannot be read (%s)", source->name,
                    avifResultToString(result));
}

/* An anticlockwise turn, then a mirroring, as the EXIF orientation that undoes both. */
static int orientation_of(const avifImage *image) {
    static const int turned[4] = {1, 8, 3, 6};
    static const int then_top_with_bottom[4] = {4, 5, 2, 7};
    static const int then_left_with_right[4] = {2, 7, 4, 5};
    int angle = image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle & 3 : 0;
    if (!(image->transformFlags & AVIF_TRANSFORM_IMIR)) return turned[angle];
    return MIRROR_AXIS(image) ? then_left_with_right[angle] : then_top_with_bottom[angle];
}

static void configure(avifDecoder *decoder) {
    decoder->maxThreads = 1;
    decoder->imageSizeLimit = I2V_IMAGE_MAX_PIXELS;
    decoder->imageDimensionLimit = I2V_IMAGE_MAX_SIDE;
    /* what older writers leave out, and Pillow forgives */
    decoder->strictFlags &= ~(avifStrictFlags)(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);
}

/* Without a turn in the container, Pillow goes by XMP. It does not go by EXIF, but looks for it first. */
static int orientation_by_xmp(const avifImage *image) {
    int by_exif = i2v_orientation(image->exif.data, image->exif.size, NULL, 0);
    if (by_exif != 1) return 1;
    return i2v_orientation(image->exif.data, image->exif.size, image->xmp.data, image->xmp.size);
}

static i2v_status convert(i2v_raster *raster, const avifImage *image, const i2v_encoded *source, i2v_error *error) {
    if ((int64_t)image->width != raster->width || (int64_t)image->height != raster->height) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a damaged AVIF: its sizes contradict", source->name);
    }
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    rgb.depth = 8;
    rgb.format = raster->channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.pixels = raster->pixels;
    rgb.rowBytes = (uint32_t)raster->width * (uint32_t)raster->channels;
    avifResult result = avifImageYUVToRGB(image, &rgb);
    return result == AVIF_RESULT_OK ? I2V_OK : fail_avif(result, source, error);
}

/* Whether libavif 1.x, which Pillow has, converts the upper 8 bits by libyuv, where 0.11 converts all by itself. */
static int is_narrowed(const avifImage *image, int alpha) {
#if AVIF_VERSION < 1000000
    switch (image->matrixCoefficients) {
    case AVIF_MATRIX_COEFFICIENTS_BT709:
    case AVIF_MATRIX_COEFFICIENTS_UNSPECIFIED:
    case AVIF_MATRIX_COEFFICIENTS_BT470BG:
    case AVIF_MATRIX_COEFFICIENTS_BT601:
    case AVIF_MATRIX_COEFFICIENTS_BT2020_NCL:
    case AVIF_MATRIX_COEFFICIENTS_CHROMA_DERIVED_NCL:
        return image->depth > 8 && !alpha && image->yuvFormat != AVIF_PIXEL_FORMAT_YUV400;
    default:
        break;
    }
#endif
    return 0;
}

static void narrow_plane(avifImage *to, const avifImage *from, int plane) {
    avifPixelFormatInfo info;
    avifGetPixelFormatInfo(from->yuvFormat, &info);
    uint32_t width = from->width, height = from->height;
    if (plane != AVIF_CHAN_Y) {
        width = (width + (uint32_t)info.chromaShiftX) >> info.chromaShiftX;
        height = (height + (uint32_t)info.chromaShiftY) >> info.chromaShiftY;
    }
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = from->yuvPlanes[plane] + (size_t)y * from->yuvRowBytes[plane];
        uint8_t *out = to->yuvPlanes[plane] + (size_t)y * to->yuvRowBytes[plane];
        for (uint32_t x = 0; x < width; x++) {
            out[x] = (uint8_t)(((const uint16_t *)(const void *)row)[x] >> (from->depth - 8));
        }
    }
}

/* The picture with the upper 8 bits of its samples; NULL without memory. */
static avifImage *narrow(const avifImage *image) {
    avifImage *narrowed = avifImageCreate(image->width, image->height, 8, image->yuvFormat);
    if (!narrowed || avifImageAllocatePlanes(narrowed, AVIF_PLANES_YUV) != AVIF_RESULT_OK) {
        if (narrowed) avifImageDestroy(narrowed);
        return NULL;
    }
    narrowed->yuvRange = image->yuvRange;
    narrowed->colorPrimaries = image->colorPrimaries;
    narrowed->transferCharacteristics = image->transferCharacteristics;
    narrowed->matrixCoefficients = image->matrixCoefficients;
    for (int plane = AVIF_CHAN_Y; plane <= AVIF_CHAN_V; plane++) narrow_plane(narrowed, image, plane);
    return narrowed;
}

static i2v_status convert_all(i2v_raster *raster, const avifImage *image, const i2v_encoded *source, i2v_error *error) {
    if (!is_narrowed(image, raster->channels == 4)) return convert(raster, image, source, error);
    avifImage *narrowed = narrow(image);
    if (!narrowed) return i2v_fail_memory(error, source->name, 0);
    i2v_status status = convert(raster, narrowed, source, error);
    avifImageDestroy(narrowed);
    return status;
}

/* Memory for four planes of the decoder, and four that are made of them. Above 8 bits, a sample has two bytes. */
static uint64_t working_memory(const avifImage *image) {
    uint64_t pixels = (uint64_t)(image->width + 64) * (image->height + 64);
    return pixels * 8 * (image->depth > 8 ? 2 : 1) + ((uint64_t)1 << 20);
}

static i2v_status decode(i2v_raster *raster, avifDecoder *decoder, const i2v_encoded *source, i2v_error *error) {
    configure(decoder);
    avifResult result = avifDecoderSetIOMemory(decoder, source->data, source->size);
    if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder);
    if (result != AVIF_RESULT_OK) return fail_avif(result, source, error);
    raster->working = working_memory(decoder->image);
    i2v_status status = i2v_raster_alloc(raster, decoder->image->width, decoder->image->height,
                                         decoder->alphaPresent ? 4 : 3, source->name, error);
    if (status) return status;
    raster->orientation = orientation_of(decoder->image);
    if (raster->orientation == 1) raster->orientation = orientation_by_xmp(decoder->image);
    result = avifDecoderNextImage(decoder);
    if (result != AVIF_RESULT_OK) return fail_avif(result, source, error);
    return convert_all(raster, decoder->image, source, error);
}

i2v_status i2v_decode_avif(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    avifDecoder *decoder = avifDecoderCreate();
    if (!decoder) return i2v_fail_memory(error, source->name, 0);
    i2v_status status = decode(raster, decoder, source, error);
    avifDecoderDestroy(decoder);
    return status;
}

i2v_status i2v_avif_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    avifDecoder *decoder = avifDecoderCreate();
    if (!decoder) return i2v_fail_memory(error, source->name, 0);
    configure(decoder);
    avifResult result = avifDecoderSetIOMemory(decoder, source->data, source->size);
    if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder);
    *width = result == AVIF_RESULT_OK ? decoder->image->width : 0;
    *height = result == AVIF_RESULT_OK ? decoder->image->height : 0;
    avifDecoderDestroy(decoder);
    return result == AVIF_RESULT_OK ? I2V_OK : fail_avif(result, source, error);
}
