/* Rasters: their limits, what they may take, and their pixels. */
#include "media/raster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A picture more stretched than this is a mistake, and would make intermediate sizes absurd. */
#define MAX_ASPECT 200

i2v_status i2v_picture_size_check(int64_t width, int64_t height, const char *name, i2v_status status,
                                  i2v_error *error) {
    if (width < 1 || height < 1) {
        return i2v_fail(error, status, "%s has no pixels (%" PRId64 " x %" PRId64 ")", name, width, height);
    }
    if (width > I2V_IMAGE_MAX_SIDE || height > I2V_IMAGE_MAX_SIDE || width * height > I2V_IMAGE_MAX_PIXELS) {
        return i2v_fail(error, status,
                        "%s is too large: %" PRId64 " x %" PRId64 " pixels, where %d on a side and %u in all are the "
                        "limit",
                        name, width, height, I2V_IMAGE_MAX_SIDE, I2V_IMAGE_MAX_PIXELS);
    }
    return I2V_OK;
}

i2v_status i2v_raster_check(int64_t width, int64_t height, const char *name, i2v_error *error) {
    i2v_status status = i2v_picture_size_check(width, height, name, I2V_ERROR_FORMAT, error);
    if (status) return status;
    if (width > MAX_ASPECT * height || height > MAX_ASPECT * width) {
        return i2v_fail(error, I2V_ERROR_FORMAT,
                        "%s is %" PRId64 " x %" PRId64 " pixels: crop it, one side may be at most %d times the other",
                        name, width, height, MAX_ASPECT);
    }
    return I2V_OK;
}

static const char *bound_name(const i2v_raster *raster) {
    return raster->budget_given ? I2V_NAME("max_memory") " leaves" : "the system has";
}

/* Scaled down it would still have to fit. */
static const char *way_out(const i2v_raster *raster) {
    enum { LEAST = 1 << 16 }; /* a file of a small picture, and its pixels */
    if (raster->budget < LEAST + raster->needed)
        return raster->budget_given ? "allow more" : "free some, or make a smaller video";
    return raster->budget_given ? "scale it down first, or allow more" : "scale it down first";
}

i2v_status i2v_raster_reserve(const i2v_raster *raster, int64_t width, int64_t height, uint64_t bytes, const char *name,
                              i2v_error *error) {
    char what[120];
    uint64_t mib = (bytes >> 20) + 1;
    if (!raster->budget || bytes <= raster->budget) return I2V_OK;
    if (width)
        snprintf(what, sizeof what, "reading %" PRId64 " x %" PRId64 " pixels takes %" PRIu64 " MiB", width, height,
                 mib);
    else
        snprintf(what, sizeof what, "the file takes %" PRIu64 " MiB", mib);
    return i2v_fail(error, I2V_ERROR_MEMORY, "%s: %s, but %s %" PRIu64 " MiB for it: %s", name, what,
                    bound_name(raster), raster->budget >> 20, way_out(raster));
}

i2v_status i2v_raster_fail_file(const i2v_raster *raster, const char *name, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_MEMORY, "%s: the file is larger than the %" PRIu64 " MiB that %s for it: %s", name,
                    raster->budget >> 20, bound_name(raster), way_out(raster));
}

i2v_status i2v_raster_alloc(i2v_raster *raster, int64_t width, int64_t height, int channels, const char *name,
                            i2v_error *error) {
    i2v_status status = i2v_raster_check(width, height, name, error);
    uint64_t bytes = (uint64_t)(width * height) * (uint64_t)channels;
    if (!status) status = i2v_raster_reserve(raster, width, height, bytes + raster->working, name, error);
    if (status) return status;
    raster->pixels = calloc((size_t)(width * height), (size_t)channels);
    if (!raster->pixels) return i2v_fail_memory(error, name, bytes);
    raster->width = (int)width;
    raster->height = (int)height;
    raster->channels = channels;
    return I2V_OK;
}

i2v_status i2v_raster_check_not_black(const i2v_raster *raster, const char *kind, const char *name, i2v_error *error) {
    size_t count = (size_t)raster->width * (size_t)raster->height * 3;
    for (size_t i = 0; i < count; i++) {
        if (raster->pixels[i] > 1) return I2V_OK;
    }
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is a %s whose values do not go to 255: scale them and convert it to PNG", name, kind);
}

i2v_status i2v_fail_truncated(const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated: get a whole copy of it", source->name);
}
