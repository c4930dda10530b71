/* Measures the videos of a comparison. */
#include "measure.h"
#include "frames.h"
#include "likeness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Videos that are being read. */
typedef struct measuring {
    cli_comparison *all;
    cli_frames frames[CLI_MOST_COMPARED];
    i2v_image *before[CLI_MOST_COMPARED]; /* the frame before the last */
} measuring;

static i2v_status open_all(measuring *self) {
    cli_comparison *all = self->all;
    i2v_status status = I2V_OK;
    for (int i = 0; status == I2V_OK && i < all->count; i++) {
        status = cli_frames_open(&self->frames[i], all->videos[i].path, &all->videos[i].info, &all->error);
        const i2v_media_info *info = &all->videos[i].info;
        if (status == I2V_OK) status = i2v_image_new(&self->before[i], info->width, info->height, &all->error);
        if (info->width > all->width) all->width = info->width;
        if (info->height > all->height) all->height = info->height;
        if (all->fps == 0) all->fps = info->fps;
    }
    if (all->fps == 0) all->fps = 7; /* what i2v_params has */
    return status;
}

/* Adds value behind the `count` that are there; 0 without memory. */
static int append(double **values, int count, double value) {
    enum { STEP = 64 };
    if (count % STEP == 0) {
        double *grown = realloc(*values, ((size_t)count + STEP) * sizeof *grown);
        if (!grown) return 0;
        *values = grown;
    }
    (*values)[count] = value;
    return 1;
}

/* The last frame of a video against that of the first, which has the same number. */
static int compare(cli_compared *video, const i2v_image *first, const i2v_image *frame) {
    double square = cli_mean_square(first, frame), ssim = 1;
    int done = (square == 0 || cli_ssim(first, frame, &ssim)) &&
               append(&video->psnr, video->compared, cli_psnr(square)) && append(&video->ssim, video->compared, ssim);
    video->squares += square;
    video->likeness += ssim;
    video->compared += done;
    return done;
}

/* Measures the frame of video number i that was just read. */
static i2v_status take_frame(measuring *self, int i) {
    cli_compared *video = &self->all->videos[i];
    const cli_frames *first = &self->frames[0], *frames = &self->frames[i];
    int done = 1, is_like_first = first->image->width == frames->image->width &&
                                  first->image->height == frames->image->height && frames->read == first->read;
    if (frames->read > 1)
        done = append(&video->motion, video->frames - 1, cli_mean_difference(self->before[i], frames->image));
    if (done && i > 0 && is_like_first && !first->ended) done = compare(video, first->image, frames->image);
    memcpy(self->before[i]->pixels, frames->image->pixels,
           3 * (size_t)frames->image->width * (size_t)frames->image->height);
    video->frames = frames->read;
    return done ? I2V_OK : cli_comparison_fail(self->all, I2V_ERROR_MEMORY, "not enough memory to measure the videos");
}

static void show_progress(cli_comparison *all, int frame) {
    int64_t most = 1;
    for (int i = 0; i < all->count; i++)
        if (all->videos[i].info.num_frames > most) most = all->videos[i].info.num_frames;
    char text[60];
    if (all->settings->quiet || !all->progress.terminal) return;
    snprintf(text, sizeof text, "measuring frame %d of %lld", frame + 1, (long long)most);
    cli_progress_bar(&all->progress, (double)frame / (double)most, text);
}

/* A frame of each. *left: videos that are not at their end. */
static i2v_status take_frames(measuring *self, int *left) {
    i2v_status status = I2V_OK;
    *left = 0;
    for (int i = 0; status == I2V_OK && i < self->all->count; i++) {
        if (self->frames[i].ended) continue;
        status = cli_frames_next(&self->frames[i], &self->all->error);
        if (status == I2V_OK && !self->frames[i].ended) {
            status = take_frame(self, i);
            ++*left;
        }
    }
    return status;
}

i2v_status cli_measure(cli_comparison *all) {
    measuring self = {.all = all};
    i2v_status status = open_all(&self);
    int left = 1;
    for (all->frames = 0; status == I2V_OK && left; all->frames += left > 0) {
        show_progress(all, all->frames);
        status = take_frames(&self, &left);
    }
    for (int i = 0; i < all->count; i++) {
        cli_frames_close(&self.frames[i]);
        i2v_image_free(self.before[i]);
    }
    return status;
}
