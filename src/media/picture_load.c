/* Loading a picture within a budget. Memory is taken for one thing after the other: the file, the decoder's own, the
 * raster (which becomes the picture), the picture at the size wanted. Each is freed before the next is taken. */
#include "base/file.h"
#include "base/file_url.h"
#include "base/free_memory.h"
#include "base/parameters.h"
#include "base/sha256.h"
#include "media/picture.h"

#include <stdlib.h>
#include <string.h>

void i2v_image_options_default(i2v_image_options *options) {
    if (!options) return;
    *options = (i2v_image_options){.fit = I2V_FIT_CROP};
    i2v_parameters_default(I2V_STRUCT_IMAGE_OPTIONS, options);
}

/* ---- the budget ------------------------------------------------------------------------------------------------- */

/* An empty raster with what options allow. */
static i2v_raster begin(const i2v_image_options *options) {
    uint64_t given = options->max_memory, budget = given ? given : i2v_memory_budget();
    int resizes = options->width > 0 && options->height > 0;
    return (i2v_raster){.orientation = 1,
                        .budget = budget ? budget : 1,
                        .budget_given = given != 0,
                        .needed = resizes ? (uint64_t)options->width * (uint64_t)options->height * 3 : 0};
}

/* ---- loading ---------------------------------------------------------------------------------------------------- */

/* Decodes, then frees `owned`, which is the source's data or NULL. The data count as part of the budget until then. */
static i2v_status decode(i2v_raster *raster, const i2v_encoded *source, uint8_t *owned, char sha256[I2V_SHA256_SIZE],
                         i2v_error *error) {
    uint64_t held = owned && raster->budget_given ? source->size : 0; /* what is free is without it */
    i2v_status status = i2v_raster_reserve(raster, 0, 0, held + 1, source->name, error); /* 0 left would be no budget */
    if (!status) {
        raster->budget -= held;
        status = i2v_raster_decode(raster, source, error);
        raster->budget += held;
    }
    if (!status) status = i2v_sha256_of(source->data, source->size, sha256, error);
    free(owned);
    return status;
}

/* Brings the picture to the size that options ask for. */
static i2v_status resize(i2v_image **image, const i2v_raster *raster, const i2v_image_options *options,
                         const char *name, i2v_error *error) {
    i2v_image *original = *image, *resized = NULL;
    if (options->width == 0 && options->height == 0) return I2V_OK;
    uint64_t bytes = 3 * (uint64_t)original->width * (uint64_t)original->height +
                     i2v_resize_memory(original->width, original->height, options->width, options->height);
    i2v_status status = i2v_raster_reserve(raster, original->width, original->height, bytes, name, error);
    if (!status) status = i2v_image_resize(&resized, original, options->width, options->height, options->fit, error);
    i2v_image_free(original);
    *image = resized;
    return status;
}

static i2v_status check_options(const i2v_image_options *options, i2v_error *error) {
    int max = I2V_IMAGE_MAX_SIDE, width = options->width, height = options->height;
    i2v_status status = i2v_parameters_check(I2V_STRUCT_IMAGE_OPTIONS, I2V_FOR_GENERATE, options, error);
    if (status) return status;
    if (width == 0 && height == 0) return I2V_OK;
    if (width < 1 || height < 1 || width > max || height > max) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "a picture cannot be brought to %d x %d pixels: sides are 1 to %d, or 0 for both", width,
                        height, max);
    }
    if (!i2v_fit_needs_original(options->fit)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "a picture cannot be brought to %d x %d pixels by %s, which needs the original", width, height,
                    options->fit == I2V_FIT_COMFYUI ? "I2V_FIT_COMFYUI" : "I2V_FIT_DIFFUSERS");
}

/* owned as in decode. */
static i2v_status load(i2v_image **image, const i2v_encoded *source, uint8_t *owned, const i2v_image_options *options,
                       i2v_error *error) {
    char sha256[I2V_SHA256_SIZE];
    i2v_raster raster = begin(options);
    i2v_status status = check_options(options, error);
    if (status)
        free(owned);
    else
        status = decode(&raster, source, owned, sha256, error);
    if (!status) status = i2v_raster_to_image(image, &raster, options->alpha, source->name, error);
    free(raster.pixels);
    if (!status) status = resize(image, &raster, options, source->name, error);
    if (!status) {
        memcpy((*image)->sha256, sha256, sizeof sha256);
        (*image)->warning = raster.warning;
    }
    return status;
}

static const i2v_image_options *options_or_default(const i2v_image_options *options, i2v_image_options *defaults) {
    i2v_image_options_default(defaults);
    return options ? options : defaults;
}

i2v_status i2v_image_load_memory_with(i2v_image **image, const void *data, size_t size,
                                      const i2v_image_options *options, i2v_error *error) {
    i2v_image_options defaults;
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, NULL);
    if (status) return status;
    if (!data && size > 0)
        return i2v_fail(error, I2V_ERROR_PARAMETER, "the picture's data is NULL; give the %zu bytes of a file", size);
    if (size > I2V_FILE_MAX_BYTES) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "the picture is larger than %zu MiB", I2V_FILE_MAX_BYTES >> 20);
    }
    i2v_encoded source = {data, size, "the picture"};
    return load(image, &source, NULL, options_or_default(options, &defaults), error);
}

i2v_status i2v_image_take_memory(i2v_image **image, uint8_t *data, size_t size, const i2v_image_options *options,
                                 i2v_error *error) {
    i2v_image_options defaults;
    *image = NULL;
    i2v_encoded source = {data, size, "the picture"};
    return load(image, &source, data, options_or_default(options, &defaults), error);
}

static i2v_status load_path(i2v_image **image, const char *path, const i2v_image_options *options, i2v_error *error) {
    uint8_t *data = NULL;
    i2v_encoded source = {.name = strcmp(path, "-") == 0 ? "standard input" : path};
    i2v_raster raster = begin(options);
    int bounded = raster.budget < I2V_FILE_MAX_BYTES;
    size_t limit = bounded ? (size_t)raster.budget : I2V_FILE_MAX_BYTES;
    i2v_status status =
        i2v_stream_read(&data, &source.size, path, limit, (i2v_patience){options->cancelled, options->user}, error);
    if (status == I2V_ERROR_FORMAT && bounded) return i2v_raster_fail_file(&raster, source.name, error);
    if (status) return status;
    source.data = data;
    return load(image, &source, data, options, error);
}

i2v_status i2v_image_load_with(i2v_image **image, const char *path, const i2v_image_options *options,
                               i2v_error *error) {
    i2v_image_options defaults;
    char *local = NULL;
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, "path", path, NULL);
    if (!status) status = i2v_path_of(&local, path, error);
    if (!status) status = load_path(image, local, options_or_default(options, &defaults), error);
    free(local);
    return status;
}

i2v_status i2v_image_load_memory(i2v_image **image, const void *data, size_t size, i2v_alpha alpha, i2v_error *error) {
    return i2v_image_load_memory_with(image, data, size, &(i2v_image_options){.alpha = alpha}, error);
}

i2v_status i2v_image_load(i2v_image **image, const char *path, i2v_alpha alpha, i2v_error *error) {
    return i2v_image_load_with(image, path, &(i2v_image_options){.alpha = alpha}, error);
}
