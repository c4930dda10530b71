/* Pictures to files, as PNG, with metadata as videos have it. */
#include "base/file.h"
#include "media/media.h"
#include "media/metadata.h"
#include "media/png_write.h"
#include "media/video.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The one file that path means, allocated. */
static i2v_status name_file(char **file, const char *path, i2v_error *error) {
    const char *dot = strrchr(i2v_path_name(path), '.');
    *file = NULL;
    if (!dot || strcasecmp(dot, ".png") != 0) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "cannot write %s: a picture is written as PNG; end its name in .png", path);
    }
    if (i2v_video_path_numbered(path)) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "cannot write %s: it is one picture, and needs no number; %%%% stands for %%", path);
    }
    i2v_status status = i2v_video_path_check_folder(path, error);
    return status ? status : i2v_video_path(file, path, 1, error);
}

i2v_status i2v_image_check_output(const char *path, const i2v_output *output, i2v_error *error) {
    char *file = NULL;
    i2v_status status = i2v_require(error, "path", path, NULL);
    if (!status) status = name_file(&file, path, error);
    if (!status) status = i2v_output_file_check(file, output && output->no_replace, error);
    free(file);
    return status;
}

static i2v_status write_file(const i2v_image *image, const char *path, const i2v_output *output, i2v_error *error) {
    i2v_output_file file;
    i2v_status status = i2v_output_file_begin_new(&file, path, output->no_replace, error);
    if (status) return status;
    status = i2v_png_write(&file, image->width, image->height, image->pixels, error);
    if (!status && output->metadata) status = i2v_png_add_metadata(&file, output->metadata, error);
    if (!status) return i2v_output_file_commit(&file, error);
    i2v_output_file_abort(&file);
    return status;
}

i2v_status i2v_image_save(const i2v_image *image, const char *path, const i2v_output *output, i2v_error *error) {
    i2v_output defaults;
    char *file = NULL;
    i2v_output_default(&defaults);
    if (!output) output = &defaults;
    i2v_status status = i2v_require(error, "image", image, "path", path, NULL);
    if (!status) status = i2v_image_check(image, "image", error);
    if (!status) status = i2v_metadata_check(output->metadata, error);
    if (!status) status = name_file(&file, path, error);
    if (!status) i2v_output_file_sweep(file);
    if (!status) status = write_file(image, file, output, error);
    free(file);
    return status;
}

i2v_status i2v_video_fail_empty(i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "the video has no frames: give one that was decoded, or made without " I2V_NAME("latents_only"));
}

i2v_status i2v_video_frame(i2v_image **image, const i2v_video *video, int index, int frame, i2v_error *error) {
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, "video", video, NULL);
    if (status) return status;
    if (!video->frames) return i2v_video_fail_empty(error);
    if (index < 0 || index >= video->num_videos || frame < 0 || frame >= video->num_frames) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "there is no frame %d of video %d: there are %d frames of %d videos, counted from 0", frame,
                        index, video->num_frames, video->num_videos);
    }
    status = i2v_image_new(image, video->width, video->height, error);
    if (status) return status;
    size_t values = (size_t)video->width * (size_t)video->height * 3;
    i2v_frame_to_u8(video->frames + ((size_t)index * (size_t)video->num_frames + (size_t)frame) * values, values,
                    (*image)->pixels);
    return I2V_OK;
}
