/* Frames of a file, one after the other: which kind of file it is, and what holds of all kinds. */
#include "media/frame_reader.h"

#include "base/file.h"
#include "base/file_url.h"
#include "base/free_memory.h"
#include "media/picture.h"
#include "media/video.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

i2v_status i2v_frames_fail_size(const i2v_frame_reader *reader, int width, int height, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_FORMAT,
                    "%s is damaged, or of several sizes: after %" PRId64
                    " frames of %d x %d pixels there is one of %d x %d",
                    reader->path, reader->read, reader->info.width, reader->info.height, width, height);
}

void i2v_frames_over_white(const uint8_t *rgba, size_t pixels, uint8_t *rgb) {
    for (size_t i = 0; i < pixels; i++, rgba += 4, rgb += 3) {
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((rgba[c] * rgba[3] + 255 * (255 - rgba[3]) + 127) / 255);
    }
}

static const i2v_frame_kind *kind_of(const i2v_media_info *info) {
    static const char *const videos[] = {"mp4", "mov", "mkv", "webm"};
    const char *container = info->container;
    for (size_t i = 0; i < sizeof videos / sizeof *videos; i++) {
        if (strcmp(container, videos[i]) == 0) return &i2v_frames_ffmpeg;
    }
    if (strcmp(container, "npy") == 0) return &i2v_frames_array;
    if (info->num_frames <= 1) return &i2v_frames_picture;
    return strcmp(container, "webp") == 0 ? &i2v_frames_webp : &i2v_frames_ffmpeg; /* GIF and PNG */
}

/* What the decoder takes is bounded by the frames' size, which the file says. */
static i2v_status check_size(const i2v_frame_reader *reader, i2v_error *error) {
    const i2v_media_info *info = &reader->info;
    if (!reader->kind->held) return I2V_OK;
    i2v_status status = i2v_raster_check(info->width, info->height, reader->path, error);
    uint64_t bytes = 4 * (uint64_t)reader->kind->held * (uint64_t)info->width * (uint64_t)info->height;
    return status || bytes <= i2v_memory_budget() ? status : i2v_fail_memory(error, reader->path, bytes);
}

static i2v_status open_file(i2v_frame_reader *reader, i2v_error *error) {
    i2v_status status = i2v_media_probe(reader->path, &reader->info, error);
    if (status) return status;
    reader->kind = kind_of(&reader->info);
    status = check_size(reader, error);
    if (status || !reader->kind->held) return status;
    uint8_t *data = NULL;
    status = i2v_file_read(&data, &reader->source.size, reader->path, I2V_FILE_MAX_BYTES, error);
    reader->source.data = data;
    return status;
}

static i2v_status open_reader(i2v_frame_reader *reader, const char *path, i2v_error *error) {
    i2v_status status = i2v_path_of(&reader->path, path, error);
    if (status) return status;
    reader->source.name = reader->path;
    if (i2v_video_path_numbered(reader->path)) {
        reader->kind = &i2v_frames_numbered;
        status = i2v_frames_count(&reader->info, reader->path, error);
    } else {
        status = open_file(reader, error);
    }
    return status ? status : reader->kind->open(reader, error);
}

i2v_status i2v_frame_reader_open(i2v_frame_reader **reader, const char *path, i2v_media_info *info, i2v_error *error) {
    if (reader) *reader = NULL;
    if (info) *info = (i2v_media_info){0};
    i2v_status status = i2v_require(error, "reader", reader, "path", path, "info", info, NULL);
    if (status) return status;
    i2v_frame_reader *opened = calloc(1, sizeof *opened);
    if (!opened) return i2v_fail_memory(error, path, sizeof *opened);
    status = open_reader(opened, path, error);
    if (status) {
        i2v_frame_reader_close(opened);
        return status;
    }
    *info = opened->info;
    *reader = opened;
    return I2V_OK;
}

static i2v_status check_image(const i2v_frame_reader *reader, const i2v_image *image, i2v_error *error) {
    i2v_status status = i2v_image_check(image, "image", error);
    if (status) return status;
    if (image->width == reader->info.width && image->height == reader->info.height) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "the picture is %d x %d pixels, and the frames of %s are %d x %d; make it of that size",
                    image->width, image->height, reader->path, reader->info.width, reader->info.height);
}

i2v_status i2v_frame_reader_next(i2v_frame_reader *reader, i2v_image *image, int *ended, i2v_error *error) {
    if (ended) *ended = 1;
    i2v_status status = i2v_require(error, "reader", reader, "image", image, "ended", ended, NULL);
    if (!status) status = check_image(reader, image, error);
    if (status) return status;
    if (reader->failed)
        return i2v_fail(error, I2V_ERROR_PARAMETER, "%s has failed already; close the reader and open the file anew",
                        reader->path);
    *ended = 0;
    status = reader->kind->next(reader, image->pixels, ended, error);
    if (!status && *ended && reader->read == 0) {
        status = i2v_fail(error, I2V_ERROR_FORMAT,
                          "%s has no frame that can be read: it is damaged, or of a codec that is not known here",
                          reader->path);
    }
    reader->failed = status != I2V_OK;
    if (status) *ended = 1;
    if (!*ended) reader->read++;
    return status;
}

void i2v_frame_reader_close(i2v_frame_reader *reader) {
    if (!reader) return;
    if (reader->kind && reader->kind->close) reader->kind->close(reader);
    free((uint8_t *)(uintptr_t)reader->source.data);
    free(reader->path);
    free(reader);
}
