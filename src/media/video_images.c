/* One lossless PNG a frame, numbered from 1 by a pattern. All are written under temporary names and renamed at the
 * end, so that a run that fails leaves the files of an earlier one as they were. */
#include "base/file.h"
#include "media/metadata.h"
#include "media/video.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct images_writer {
    const i2v_video_task *task;
    i2v_output_file *files; /* [num_frames] */
    int written;
} images_writer;

/* Reads "%d" or "%0Nd" at text: its length, and N (1 for %d); 0 if it is anything else. */
static size_t read_conversion(const char *text, int *digits) {
    *digits = 1;
    if (text[1] == 'd') return 2;
    if (text[1] != '0' || text[2] < '1' || text[2] > '9' || text[3] != 'd') return 0;
    *digits = text[2] - '0';
    return 4;
}

i2v_status i2v_images_path(char **path, const char *pattern, int number, i2v_error *error) {
    *path = NULL;
    const char *slash = strrchr(pattern, '/');
    const char *percent = strchr(slash ? slash : pattern, '%');
    int digits = 0;
    size_t length = percent ? read_conversion(percent, &digits) : 0;
    if (length == 0 || strchr(percent + length, '%')) {
        return i2v_fail(
            error, I2V_ERROR_PARAMETER,
            "the pattern %s needs exactly one number such as %%04d or %%d in its file name, and no other %%", pattern);
    }
    size_t size = strlen(pattern) + 16; /* an int has at most 10 digits, N is at most 9 */
    *path = malloc(size);
    if (!*path) return i2v_fail_memory(error, pattern, size);
    snprintf(*path, size, "%.*s%0*d%s", (int)(percent - pattern), pattern, digits, number, percent + length);
    return I2V_OK;
}

static i2v_status images_open(void *self, const i2v_video_format *format, const i2v_video_task *task,
                              i2v_error *error) {
    images_writer *writer = self;
    writer->task = task;
    writer->files = calloc((size_t)task->num_frames, sizeof *writer->files);
    if (!writer->files) return i2v_fail_memory(error, task->path, (uint64_t)task->num_frames * sizeof *writer->files);
    return I2V_OK;
}

static i2v_status write_png(const char *path, const char *name, const i2v_video_task *task, const uint8_t *rgb,
                            i2v_error *error) {
    FILE *stream = fopen(path, "wbe");
    if (!stream) return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s", name, strerror(errno));
    png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    image.width = (png_uint_32)task->width;
    image.height = (png_uint_32)task->height;
    errno = 0;
    int encoded = png_image_write_to_stdio(&image, stream, 0, rgb, 3 * task->width, NULL);
    int failed = !encoded || fflush(stream) != 0 || ferror(stream);
    int cause = errno;
    if (fclose(stream) != 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    if (!failed) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s", name, cause ? strerror(cause) : image.message);
}

static i2v_status images_write(void *self, const uint8_t *rgb, i2v_error *error) {
    images_writer *writer = self;
    char *path = NULL;
    i2v_status status = i2v_images_path(&path, writer->task->path, writer->written + 1, error);
    if (status) return status;
    i2v_output_file *file = &writer->files[writer->written];
    status = i2v_output_file_begin(file, path, error);
    if (!status) {
        writer->written++;
        status = write_png(file->temporary, path, writer->task, rgb, error);
        const char *metadata = writer->task->output->metadata;
        if (!status && metadata) status = i2v_png_add_metadata(file, metadata, error);
    }
    free(path);
    return status;
}

static i2v_status images_finish(void *self, i2v_error *error) {
    images_writer *writer = self;
    i2v_status status = I2V_OK;
    int renamed = 0;
    while (renamed < writer->written && !status) {
        status = i2v_output_file_commit(&writer->files[renamed], error);
        if (!status) renamed++;
    }
    for (int i = 0; status && i < renamed; i++) {
        char *path = NULL;
        if (i2v_images_path(&path, writer->task->path, i + 1, NULL)) continue;
        unlink(path);
        free(path);
    }
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
