/* HEIC by libheif, which turns the picture upright itself. Built without it (I2V_HEIF), HEIC is named. */
#include "media/picture_rare.h"

#ifdef I2V_HEIF

#include <libheif/heif.h>
#include <string.h>

static i2v_status fail_heif(struct heif_error problem, const i2v_encoded *source, i2v_error *error) {
    if (problem.code == heif_error_Memory_allocation_error) return i2v_fail_memory(error, source->name, 0);
    if (problem.code == heif_error_Unsupported_filetype || problem.code == heif_error_Unsupported_feature) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s is a HEIC that libheif cannot decode (%s): convert it to PNG",
                        source->name, problem.message);
    }
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a HEIC that cannot be read (%s)", source->name, problem.message);
}

static i2v_status copy_rows(i2v_raster *raster, const struct heif_image *image, const i2v_encoded *source,
                            i2v_error *error) {
    int stride = 0;
    const uint8_t *pixels = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    if (!pixels || heif_image_get_width(image, heif_channel_interleaved) != raster->width ||
        heif_image_get_height(image, heif_channel_interleaved) != raster->height) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s is a damaged HEIC: its sizes contradict", source->name);
    }
    size_t bytes = (size_t)raster->width * (size_t)raster->channels;
    for (int y = 0; y < raster->height; y++) {
        memcpy(raster->pixels + (size_t)y * bytes, pixels + (ptrdiff_t)y * stride, bytes);
    }
    return I2V_OK;
}

/* Opens the primary picture; nothing is decoded. */
static i2v_status open_primary(struct heif_context *context, struct heif_image_handle **handle,
                               const i2v_encoded *source, i2v_error *error) {
    heif_context_set_maximum_image_size_limit(context, I2V_IMAGE_MAX_SIDE);
    struct heif_error problem = heif_context_read_from_memory_without_copy(context, source->data, source->size, NULL);
    if (!problem.code) problem = heif_context_get_primary_image_handle(context, handle);
    return problem.code ? fail_heif(problem, source, error) : I2V_OK;
}

static i2v_status decode(i2v_raster *raster, const struct heif_image_handle *handle, const i2v_encoded *source,
                         i2v_error *error) {
    int alpha = heif_image_handle_has_alpha_channel(handle);
    struct heif_image *image = NULL;
    /* the decoder's planes, of two bytes a sample above 8 bits, a copy of them and the RGB made of them */
    uint64_t pixels = (uint64_t)heif_image_handle_get_width(handle) * (uint64_t)heif_image_handle_get_height(handle);
    raster->working = pixels * 12 + ((uint64_t)1 << 20);
    i2v_status status = i2v_raster_alloc(raster, heif_image_handle_get_width(handle),
                                         heif_image_handle_get_height(handle), alpha ? 4 : 3, source->name, error);
    if (status) return status;
    struct heif_error problem = heif_decode_image(
        handle, &image, heif_colorspace_RGB, alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, NULL);
    status = problem.code ? fail_heif(problem, source, error) : copy_rows(raster, image, source, error);
    heif_image_release(image);
    return status;
}

i2v_status i2v_decode_heic(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    struct heif_context *context = heif_context_alloc();
    if (!context) return i2v_fail_memory(error, source->name, 0);
    struct heif_image_handle *handle = NULL;
    i2v_status status = open_primary(context, &handle, source, error);
    if (!status) status = decode(raster, handle, source, error);
    heif_image_handle_release(handle);
    heif_context_free(context);
    return status;
}

i2v_status i2v_heic_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    struct heif_context *context = heif_context_alloc();
    if (!context) return i2v_fail_memory(error, source->name, 0);
    struct heif_image_handle *handle = NULL;
    i2v_status status = open_primary(context, &handle, source, error);
    *width = status ? 0 : heif_image_handle_get_width(handle);
    *height = status ? 0 : heif_image_handle_get_height(handle);
    heif_image_handle_release(handle);
    heif_context_free(context);
    return status;
}

#else

i2v_status i2v_decode_heic(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is a HEIC, and this build has no libheif: convert it to JPEG, with heif-convert or, on a Mac, "
                    "`sips -s format jpeg`",
                    source->name);
}

i2v_status i2v_heic_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    *width = *height = 0;
    return i2v_decode_heic(NULL, source, error);
}

#endif
