/* A video in a page. */
#include "page_video.h"
#include "base64.h"
#include "frames.h"
#include "html.h"
#include "signals.h"
#include "temporary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What all browsers play; others are written anew, and so are animations, which they play as pictures, without a
 * slider. */
static const char *type_of(const i2v_media_info *info) {
    int is_mp4 = strcmp(info->container, "mp4") == 0, is_webm = strcmp(info->container, "webm") == 0;
    const char *codec = info->codec;
    if (is_mp4 && (strcmp(codec, "h264") == 0 || strcmp(codec, "av1") == 0 || strcmp(codec, "vp9") == 0))
        return "video/mp4";
    if (is_webm && (strcmp(codec, "vp8") == 0 || strcmp(codec, "vp9") == 0 || strcmp(codec, "av1") == 0))
        return "video/webm";
    return NULL;
}

static i2v_status write_file(FILE *to, cli_comparison *all, const char *path, const char *type) {
    unsigned char bytes[3 << 12]; /* whole groups of base64 */
    size_t size;
    FILE *from = fopen(path, "rbe");
    int cause = errno;
    if (from) fprintf(to, "data:%s;base64,", type);
    while (from && (size = fread(bytes, 1, sizeof bytes, from)) > 0) cli_base64_write(to, bytes, size);
    int failed = !from || ferror(from);
    if (from && failed) cause = errno;
    if (from) fclose(from);
    return failed ? cli_comparison_fail(all, I2V_ERROR_IO, "cannot read %.400s: %s", path, strerror(cause)) : I2V_OK;
}

/* A video that is written anew, frame by frame. */
typedef struct copying {
    cli_comparison *all;
    int index;
    cli_frames frames;
} copying;

static i2v_status make_frame(int frame, i2v_image *image, void *user, i2v_error *error) {
    copying *self = user;
    i2v_status status = cli_frames_next(&self->frames, error);
    size_t size = 3 * (size_t)image->width * (size_t)image->height;
    if (status == I2V_OK) memcpy(image->pixels, self->frames.image->pixels, size);
    return status;
}

/* To folder/video.mp4, without a loss to be seen. */
static i2v_status write_anew(copying *self, const char *path) {
    cli_comparison *all = self->all;
    const cli_compared *video = &all->videos[self->index];
    i2v_output output;
    i2v_output_default(&output);
    output.cancelled = cli_signals_came;
    i2v_status status = cli_frames_open(&self->frames, video->path, NULL, &all->error);
    const i2v_frame_source source = {.width = video->info.width,
                                     .height = video->info.height,
                                     .num_frames = video->frames,
                                     .fps = video->info.fps > 0 ? video->info.fps : all->fps,
                                     .make = make_frame,
                                     .user = self};
    if (status == I2V_OK) status = i2v_frames_save(&source, path, &output, &all->error);
    cli_frames_close(&self->frames);
    return status;
}

i2v_status cli_page_video(FILE *to, cli_comparison *all, int index) {
    const char *type = type_of(&all->videos[index].info);
    if (type) return write_file(to, all, all->videos[index].path, type);
    char folder[PATH_MAX], path[PATH_MAX + 16];
    copying self = {.all = all, .index = index};
    i2v_status status = cli_temporary_folder(folder, "a video of the page", &all->error);
    if (status != I2V_OK) return status;
    snprintf(path, sizeof path, "%s/video.mp4", folder);
    status = write_anew(&self, path);
    if (status == I2V_OK) status = write_file(to, all, path, "video/mp4");
    unlink(path);
    rmdir(folder);
    return status;
}
