/* Frames that are pictures: one of them, several that are numbered by a pattern, or the rows of an array. */
#include "media/frame_reader.h"

#include "base/file.h"
#include "media/video.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* A picture's file into rgb, if it is of the reader's size. */
static i2v_status read_picture(const i2v_frame_reader *reader, const char *path, uint8_t *rgb, i2v_error *error) {
    i2v_image *image = NULL;
    const i2v_media_info *info = &reader->info;
    i2v_status status = i2v_image_load(&image, path, I2V_ALPHA_WHITE, error);
    if (!status && (image->width != info->width || image->height != info->height)) {
        status = i2v_frames_fail_size(reader, image->width, image->height, error);
    }
    if (!status) memcpy(rgb, image->pixels, (size_t)image->width * (size_t)image->height * 3);
    i2v_image_free(image);
    return status;
}

/* The size of a picture once it is upright. */
static i2v_status find_size(i2v_media_info *info, const char *path, i2v_error *error) {
    i2v_image *image = NULL;
    i2v_status status = i2v_image_load(&image, path, I2V_ALPHA_WHITE, error);
    if (status) return status;
    info->width = image->width;
    info->height = image->height;
    i2v_image_free(image);
    return I2V_OK;
}

static i2v_status open_picture(i2v_frame_reader *reader, i2v_error *error) {
    reader->info.num_frames = 1;
    reader->info.fps = 0;
    return find_size(&reader->info, reader->path, error);
}

static i2v_status next_picture(i2v_frame_reader *reader, uint8_t *rgb, int *ended, i2v_error *error) {
    *ended = reader->read > 0;
    return *ended ? I2V_OK : read_picture(reader, reader->path, rgb, error);
}

const i2v_frame_kind i2v_frames_picture = {.open = open_picture, .next = next_picture};

/* ---- a pattern -------------------------------------------------------------------------------------------------- */

i2v_status i2v_frames_count(i2v_media_info *info, const char *pattern, i2v_error *error) {
    enum { MOST = 1 << 24 };
    char *file = NULL;
    i2v_status status = i2v_video_path(&file, pattern, 1, error);
    if (!status) status = i2v_media_probe(file, info, error);
    info->num_frames = status ? 0 : 1;
    info->fps = 0;
    for (int is_there = 1; !status && is_there && info->num_frames < MOST;) {
        free(file);
        status = i2v_video_path(&file, pattern, (int)info->num_frames + 1, error);
        is_there = !status && i2v_is_file(file);
        info->num_frames += is_there;
    }
    free(file);
    return status;
}

static i2v_status open_numbered(i2v_frame_reader *reader, i2v_error *error) {
    char *file = NULL;
    i2v_status status = i2v_video_path(&file, reader->path, 1, error);
    if (!status) status = find_size(&reader->info, file, error);
    free(file);
    return status;
}

static i2v_status next_numbered(i2v_frame_reader *reader, uint8_t *rgb, int *ended, i2v_error *error) {
    char *file = NULL;
    *ended = reader->read >= reader->info.num_frames;
    if (*ended) return I2V_OK;
    i2v_status status = i2v_video_path(&file, reader->path, (int)reader->read + 1, error);
    if (!status) status = read_picture(reader, file, rgb, error);
    free(file);
    return status;
}

const i2v_frame_kind i2v_frames_numbered = {.open = open_numbered, .next = next_numbered};

/* ---- an array --------------------------------------------------------------------------------------------------- */

static i2v_status open_array(i2v_frame_reader *reader, i2v_error *error) {
    const i2v_media_info *info = &reader->info;
    if (info->num_frames < 1 || info->width < 1 || info->height < 1) {
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s holds no frames: those are an array [frames, height, width, 3]",
                        reader->path);
    }
    i2v_status status = i2v_raster_check(info->width, info->height, reader->path, error);
    if (status) return status;
    size_t bytes = (size_t)info->width * (size_t)info->height * 3 * sizeof(float);
    reader->state = malloc(bytes);
    return reader->state ? I2V_OK : i2v_fail_memory(error, reader->path, bytes);
}

static i2v_status next_row(i2v_frame_reader *reader, uint8_t *rgb, int *ended, i2v_error *error) {
    const i2v_media_info *info = &reader->info;
    const int64_t shape[4] = {info->num_frames, info->height, info->width, 3};
    *ended = reader->read >= info->num_frames;
    if (*ended) return I2V_OK;
    i2v_status status = i2v_array_load_row(reader->path, shape, 4, reader->read, reader->state, error);
    if (!status) i2v_frame_to_u8(reader->state, (size_t)info->width * (size_t)info->height * 3, rgb);
    return status;
}

static void close_array(i2v_frame_reader *reader) {
    free(reader->state);
}

const i2v_frame_kind i2v_frames_array = {.open = open_array, .next = next_row, .close = close_array};
