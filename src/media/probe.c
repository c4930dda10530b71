/* What a media file is, by its first bytes, never by its name. */
#include "media/probe.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

/* Arrays of frames, [F,H,W,3], have a size; others are only named. */
static i2v_status probe_array(i2v_media_info *info, const char *path, i2v_error *error) {
    int64_t shape[8];
    int ndim = 0;
    i2v_status status = i2v_array_shape(path, shape, &ndim, error);
    if (status) return status;
    snprintf(info->container, sizeof info->container, "npy");
    snprintf(info->codec, sizeof info->codec, "float32");
    if (ndim == 4 && shape[3] == 3 && shape[1] <= I2V_IMAGE_MAX_SIDE && shape[2] <= I2V_IMAGE_MAX_SIDE) {
        info->num_frames = shape[0];
        info->height = (int)shape[1];
        info->width = (int)shape[2];
    }
    return I2V_OK;
}

i2v_status i2v_media_probe(const char *path, i2v_media_info *info, i2v_error *error) {
    if (info) *info = (i2v_media_info){0};
    i2v_mapped_file file;
    i2v_status status = i2v_require(error, "path", path, "info", info, NULL);
    if (!status) status = i2v_file_map(&file, path, error);
    if (status) return status;
    i2v_encoded source = {file.data, file.size, path};
    i2v_picture_format format = file.size ? i2v_picture_format_of(file.data, file.size) : I2V_PICTURE_UNKNOWN;
    if (format != I2V_PICTURE_UNKNOWN) {
        status = i2v_probe_picture(info, &source, format, error);
    } else if (file.size >= 6 && memcmp(file.data, "\x93NUMPY", 6) == 0) {
        status = probe_array(info, path, error);
    } else {
        status = i2v_probe_video(info, &source, error);
    }
    i2v_file_unmap(&file);
    if (status) *info = (i2v_media_info){0};
    return status;
}
