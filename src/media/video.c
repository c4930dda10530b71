/* Videos to files: which format a path means, and the loop over the frames. */
#include "media/video.h"

#include "base/file.h"
#include "base/parameters.h"
#include "base/posix.h"
#include "media/media.h"
#include "media/metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Written by npy.c in one go, from the floats: a format without functions. */
static const i2v_video_format npy_format = {.ending = "npy"};

#define KNOWN_ENDINGS ".mp4 .mkv .webm .mov .gif .webp .png, a pattern such as dir/%04d.png, or .npy"

void i2v_output_default(i2v_output *output) {
    if (!output) return;
    *output = (i2v_output){0};
    i2v_parameters_default(I2V_STRUCT_OUTPUT, output);
}

int i2v_video_cancelled(const i2v_video_task *task) {
    const i2v_output *output = task->output;
    return output->cancelled && output->cancelled(output->user);
}

/* The endings that hold the codec, ".mp4 .mkv". */
static void list_endings(char *text, size_t size, i2v_codec codec) {
    size_t length = 0;
    for (int i = 0; i < I2V_FFMPEG_FORMATS && length < size; i++) {
        if (i2v_ffmpeg_formats[i].kind != codec) continue;
        length +=
            (size_t)snprintf(text + length, size - length, "%s.%s", length ? " " : "", i2v_ffmpeg_formats[i].ending);
    }
}

/* Another codec than the ending's own. */
static i2v_status change_codec(const i2v_video_format **format, const char *path, i2v_codec codec, i2v_error *error) {
    for (int i = 0; i < I2V_FFMPEG_FORMATS; i++) {
        const i2v_video_format *other = &i2v_ffmpeg_formats[i];
        if (strcmp(other->ending, (*format)->ending) != 0 || other->kind != codec) continue;
        *format = other;
        return I2V_OK;
    }
    char endings[64] = "", name[I2V_CHOICE_SIZE];
    list_endings(endings, sizeof endings, codec);
    return i2v_fail(error, I2V_ERROR_PARAMETER, "cannot write %s: a .%s holds no %s; these do: %s", path,
                    (*format)->ending, i2v_choice_name(name, I2V_PARAMETER(OUTPUT, i2v_output, codec), (int)codec),
                    endings);
}

static i2v_status find_format(const i2v_video_format **format, const char *path, i2v_error *error) {
    const char *name = i2v_path_name(path);
    const char *dot = strrchr(name, '.');
    const char *ending = dot ? dot + 1 : "";
    *format = NULL;
    for (int i = I2V_FFMPEG_FORMATS - 1; i >= 0; i--) {
        if (strcasecmp(ending, i2v_ffmpeg_formats[i].ending) == 0) *format = &i2v_ffmpeg_formats[i];
    }
    if (strcasecmp(ending, i2v_webp_format.ending) == 0) *format = &i2v_webp_format;
    if (strcasecmp(ending, npy_format.ending) == 0) *format = &npy_format;
    if (i2v_video_path_numbered(path)) *format = &i2v_images_format;
    if (*format) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER, "cannot write %s: its ending says no known format; known are %s", path,
                    KNOWN_ENDINGS);
}

static i2v_status choose_rate(i2v_video_task *task, double fps, i2v_error *error) {
    if (!(fps >= 0.01 && fps <= 1000.0)) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "fps is %g; it must be within 0.01..1000", fps);
    }
    task->fps = i2v_rate_of(fps, 65535); /* what animated PNG can hold; 24000/1001 and 23.976 come out exact */
    return I2V_OK;
}

/* crf 1 at 100, since 0 makes H.264 of a lossless kind that browsers refuse; the worst crf at 0. */
static int crf_of_quality(const i2v_video_format *format, int quality) {
    return 1 + ((100 - quality) * (format->crf_max - 1) + 50) / 100;
}

static i2v_status choose_quality(i2v_video_task *task, const i2v_video_format *format, const i2v_output *output,
                                 i2v_error *error) {
    int crf = output->crf == -1 ? format->crf_default : output->crf;
    task->quality = output->quality;
    i2v_status status = i2v_parameter_check(I2V_PARAMETER(OUTPUT, i2v_output, quality), output, error);
    if (!status) status = i2v_parameter_check(I2V_PARAMETER(OUTPUT, i2v_output, bitrate), output, error);
    if (status) return status;
    if (output->quality >= 0 && output->crf != -1) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("quality") " and " I2V_NAME("crf") " exclude each other");
    }
    if (output->bitrate && (output->quality >= 0 || output->crf != -1)) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("bitrate") " excludes " I2V_NAME("crf") " and " I2V_NAME("quality"));
    }
    task->bitrate = (int64_t)output->bitrate;
    if (output->quality >= 0) crf = crf_of_quality(format, output->quality);
    /* Formats without a quality ignore both, so that one set of options serves all endings. */
    if (format->crf_max && (crf < 0 || crf > format->crf_max)) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("crf") " is %d; for .%s it must be within 0 (best)..%d, or -1 for visually lossless",
                        crf, format->ending, format->crf_max);
    }
    task->crf = crf;
    return I2V_OK;
}

/* Those whose range does not depend on the format. */
static i2v_status check_settings(const i2v_output *output, i2v_error *error) {
    i2v_status status = i2v_parameter_check(I2V_PARAMETER(OUTPUT, i2v_output, codec), output, error);
    if (!status) status = i2v_parameter_check(I2V_PARAMETER(OUTPUT, i2v_output, fps), output, error);
    if (!status) status = i2v_parameter_check(I2V_PARAMETER(OUTPUT, i2v_output, loop), output, error);
    return status ? status : i2v_parameter_check(I2V_PARAMETER(OUTPUT, i2v_output, no_replace), output, error);
}

/* The format of path, if this build can write it and the folder is there. */
static i2v_status choose_format(const i2v_video_format **format, const char *path, const i2v_output *output,
                                i2v_error *error) {
    if (!path || !*path)
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "the path of the video is empty; give a name with an ending, such as video.mp4");
    i2v_codec codec = output->codec;
    i2v_status status = check_settings(output, error);
    if (!status) status = find_format(format, path, error);
    if (!status && codec != I2V_CODEC_AUTO) status = change_codec(format, path, codec, error);
    if (!status && (*format)->check) status = (*format)->check(*format, error);
    if (!status) status = i2v_video_path_check_folder(path, error);
    return status;
}

/* Those of an earlier run, from the second on. */
static i2v_status check_old_frames(const char *pattern, int is_new, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (int number = 2, is_there = 1; is_there && !status; number++) {
        char *frame = NULL;
        status = i2v_video_path(&frame, pattern, number, error);
        is_there = frame && access(frame, F_OK) == 0;
        if (is_there) status = i2v_output_file_check_replacing(frame, is_new, error);
        free(frame);
    }
    return status;
}

i2v_status i2v_video_check_path(const char *path, i2v_error *error) {
    return i2v_video_check_output(path, NULL, error);
}

i2v_status i2v_video_check_output(const char *path, const i2v_output *output, i2v_error *error) {
    i2v_output defaults;
    i2v_output_default(&defaults);
    if (!output) output = &defaults;
    const i2v_video_format *format;
    i2v_video_task task = {.fps = {1, 1}};
    i2v_status status = choose_format(&format, path, output, error);
    if (!status) status = choose_rate(&task, output->fps != 0 ? output->fps : 1, error);
    if (!status) status = choose_quality(&task, format, output, error);
    char *first = NULL;
    if (!status) status = i2v_video_path(&first, path, 1, error);
    if (!status) status = i2v_output_file_check(first, output->no_replace, error);
    free(first);
    return status || !i2v_video_path_numbered(path) ? status : check_old_frames(path, output->no_replace, error);
}

static i2v_status check_size(int width, int height, i2v_error *error) {
    if (width >= 1 && height >= 1 && width <= I2V_IMAGE_MAX_SIDE && height <= I2V_IMAGE_MAX_SIDE) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_PARAMETER, "the video's size is %d x %d; it must be within 1..%d on each side",
                    width, height, I2V_IMAGE_MAX_SIDE);
}

static i2v_status check_video(const i2v_video *video, const i2v_output *output, i2v_error *error) {
    if (!video || !video->frames || video->num_frames < 1 || video->num_videos < 1) {
        return i2v_video_fail_empty(error);
    }
    i2v_status status = check_size(video->width, video->height, error);
    if (status) return status;
    if (output->index < 0 || output->index >= video->num_videos) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "index is %d, but there are %d videos, counted from 0",
                        output->index, video->num_videos);
    }
    return i2v_metadata_check(output->metadata, error);
}

/* num_frames: of the file. */
static i2v_status fill_task(i2v_video_task *task, const i2v_video_format *format, const i2v_frame_source *source,
                            int num_frames, const char *path, const i2v_output *output, i2v_error *error) {
    *task = (i2v_video_task){
        .path = path,
        .width = source->width,
        .height = source->height,
        .num_frames = num_frames,
        .output = output,
    };
    i2v_status status = choose_rate(task, output->fps != 0.0 ? output->fps : source->fps, error);
    return status ? status : choose_quality(task, format, output, error);
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

typedef i2v_status (*frame_function)(void *writer, const uint8_t *rgb, i2v_error *error);

/* Every frame of the file to one function of a writer. */
static i2v_status for_frames(void *writer, frame_function function, const i2v_video_task *task,
                             const i2v_frame_source *source, i2v_image *image, i2v_error *error) {
    for (int i = 0; i < task->num_frames; i++) {
        if (i2v_video_cancelled(task)) return i2v_fail(error, I2V_CANCELLED, "cancelled while writing %s", task->path);
        i2v_status status = source->make((int)i2v_frame_at(i, source->num_frames), image, source->user, error);
        if (!status) status = function(writer, image->pixels, error);
        if (status) return status;
    }
    return I2V_OK;
}

static i2v_status write_frames(const i2v_video_format *format, const i2v_video_task *task,
                               const i2v_frame_source *source, i2v_error *error) {
    i2v_image image = {.width = task->width, .height = task->height};
    size_t bytes = (size_t)task->width * (size_t)task->height * 3;
    void *writer = calloc(1, format->writer_size);
    image.pixels = malloc(bytes);
    i2v_status status = I2V_OK;
    if (!writer || !image.pixels) {
        status = i2v_fail_memory(error, task->path, bytes);
        goto done;
    }
    i2v_output_file_sweep(task->path);
    status = format->open(writer, format, task, error);
    if (!status && format->look) status = for_frames(writer, format->look, task, source, &image, error);
    if (!status) status = for_frames(writer, format->write, task, source, &image, error);
    if (!status && i2v_video_cancelled(task)) {
        status = i2v_fail(error, I2V_CANCELLED, "cancelled while writing %s", task->path);
    }
    if (!status) status = format->finish(writer, error);
    format->close(writer);
done:
    free(image.pixels);
    free(writer);
    return status;
}

/* The i2v_frame_source of floats, [frames][height][width][3]. */
static i2v_status make_of_floats(int frame, i2v_image *image, void *user, i2v_error *error) {
    const float *frames = user;
    size_t values = (size_t)image->width * (size_t)image->height * 3;
    i2v_frame_to_u8(frames + (size_t)frame * values, values, image->pixels);
    return I2V_OK;
}

static i2v_status write_video(const i2v_video_format *format, const i2v_video_task *task,
                              const i2v_frame_source *source, i2v_error *error) {
    if (format != &npy_format) return write_frames(format, task, source, error);
    if (i2v_video_cancelled(task)) return i2v_fail(error, I2V_CANCELLED, "cancelled while writing %s", task->path);
    const int64_t shape[4] = {task->num_frames, task->height, task->width, 3};
    return i2v_array_save_rows(task->path, source->user, source->num_frames, shape, 4, task->output->no_replace, error);
}

/* num_frames: of the file. Format, source and output are checked. */
static i2v_status save(const i2v_video_format *format, const i2v_frame_source *source, int num_frames, const char *path,
                       const i2v_output *output, i2v_error *error) {
    i2v_video_task task;
    char *file = NULL;
    i2v_status status = i2v_video_path(&file, path, 1, error);
    if (!status) {
        const char *named = i2v_video_path_numbered(path) ? path : file;
        status = fill_task(&task, format, source, num_frames, named, output, error);
    }
    if (!status) status = write_video(format, &task, source, error);
    free(file);
    return status;
}

/* The video that output->index says, which is there. */
static i2v_frame_source source_of(const i2v_video *video, const i2v_output *output) {
    size_t values = (size_t)video->num_frames * (size_t)video->height * (size_t)video->width * 3;
    return (i2v_frame_source){video->width, video->height,  video->num_frames,
                              video->fps,   make_of_floats, video->frames + (size_t)output->index * values};
}

i2v_status i2v_video_save(const i2v_video *video, const char *path, const i2v_output *output, i2v_error *error) {
    i2v_output defaults;
    i2v_output_default(&defaults);
    if (!output) output = &defaults;
    const i2v_video_format *format;
    i2v_status status = choose_format(&format, path, output, error);
    if (!status) status = check_video(video, output, error);
    if (status) return status;
    int back = output->loop && video->num_frames > 2 ? video->num_frames - 2 : 0;
    i2v_frame_source source = source_of(video, output);
    return save(format, &source, video->num_frames + back, path, output, error);
}

static i2v_status check_source(const i2v_frame_source *source, const i2v_video_format *format, const char *path,
                               const i2v_output *output, i2v_error *error) {
    if (!source->make || source->num_frames < 1) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "the source has no frames: make is needed, and num_frames of 1 or more");
    }
    if (format == &npy_format) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        "cannot write %s: a .npy holds values that were not rounded to 8 bits, which these frames are; "
                        "give another ending",
                        path);
    }
    i2v_status status = check_size(source->width, source->height, error);
    return status ? status : i2v_metadata_check(output->metadata, error);
}

i2v_status i2v_frames_save(const i2v_frame_source *source, const char *path, const i2v_output *output,
                           i2v_error *error) {
    i2v_output defaults;
    i2v_output_default(&defaults);
    if (!output) output = &defaults;
    const i2v_video_format *format;
    i2v_status status = i2v_require(error, "source", source, "path", path, NULL);
    if (!status) status = choose_format(&format, path, output, error);
    if (!status) status = check_source(source, format, path, output, error);
    return status ? status : save(format, source, source->num_frames, path, output, error);
}
