/* One lossless PNG a frame, numbered from 1 by a pattern. All are written under temporary names and renamed at the
 * end, so that a run that fails leaves the files of an earlier one as they were. */
#include "base/file.h"
#include "base/system.h"
#include "media/metadata.h"
#include "media/png_write.h"
#include "media/video.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct images_writer {
    const i2v_video_task *task;
    i2v_output_file *files; /* [num_frames] */
    int written;
} images_writer;

static i2v_status images_open(void *self, const i2v_video_format *format, const i2v_video_task *task,
                              i2v_error *error) {
    images_writer *writer = self;
    writer->task = task;
    writer->files = calloc((size_t)task->num_frames, sizeof *writer->files);
    if (!writer->files) return i2v_fail_memory(error, task->path, (uint64_t)task->num_frames * sizeof *writer->files);
    return I2V_OK;
}

static i2v_status images_write(void *self, const uint8_t *rgb, i2v_error *error) {
    images_writer *writer = self;
    char *path = NULL;
    i2v_status status = i2v_video_path(&path, writer->task->path, writer->written + 1, error);
    if (status) return status;
    i2v_output_file *file = &writer->files[writer->written];
    status = i2v_output_file_begin_new(file, path, writer->task->output->no_replace, error);
    if (!status) {
        writer->written++;
        status = i2v_png_write(file, writer->task->width, writer->task->height, rgb, error);
        const char *metadata = writer->task->output->metadata;
        if (!status && metadata) status = i2v_png_add_metadata(file, metadata, error);
    }
    free(path);
    return status;
}

/* The frame itself, where a link is in its place. */
static void remove_frame(const char *pattern, int number) {
    char *path = NULL;
    if (i2v_video_path(&path, pattern, number, NULL)) return;
    char *file = i2v_system_real_path(path);
    if (file) unlink(file);
    free(file);
    free(path);
}

static i2v_status images_finish(void *self, i2v_error *error) {
    images_writer *writer = self;
    i2v_status status = I2V_OK;
    int renamed = 0;
    while (renamed < writer->written && !status) {
        status = i2v_output_file_commit(&writer->files[renamed], error);
        if (!status) renamed++;
    }
    for (int i = 0; status && i < renamed; i++) remove_frame(writer->task->path, i + 1);
    return status;
}

static void images_close(void *self) {
    images_writer *writer = self;
    for (int i = 0; i < writer->written; i++) i2v_output_file_abort(&writer->files[i]);
    free(writer->files);
}

const i2v_video_format i2v_images_format = {
    .ending = "png",
    .writer_size = sizeof(images_writer),
    .open = images_open,
    .write = images_write,
    .finish = images_finish,
    .close = images_close,
};
