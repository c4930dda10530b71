/* --save-latents: latents are written when their steps are done. */
#include "latents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_latents_shape(int64_t shape[5], const cli_job *job) {
    const i2v_model_info *model = &job->model;
    const i2v_params *params = &job->params;
    int scale = model->vae_scale_factor > 0 ? model->vae_scale_factor : 1;
    shape[0] = params->num_videos;
    shape[1] = params->num_frames ? params->num_frames : model->num_frames;
    shape[2] = model->latent_channels;
    shape[3] = (params->height ? params->height : model->height) / scale;
    shape[4] = (params->width ? params->width : model->width) / scale;
}

/* The latents of all clips of the event's video up to the event's. Those of one clip are the event's own; NULL without
 * memory. */
static const float *clips_so_far(cli_job *job, const i2v_event *event) {
    if (event->num_clips == 1) return event->latents;
    size_t video = (size_t)event->num_clips * event->latents_count;
    if (!job->clips_latents) job->clips_latents = calloc((size_t)event->num_videos, video * sizeof(float));
    if (!job->clips_latents) return NULL;
    float *first = job->clips_latents + (size_t)event->video * video;
    memcpy(first + (size_t)event->clip * event->latents_count, event->latents, event->latents_count * sizeof(float));
    return first;
}

/* first: of the file, which grows clip by clip. */
static i2v_status write_array(cli_job *job, const float *latents, const int64_t *shape, int ndim, int first) {
    const char *path = job->latents_path;
    i2v_status status = cli_folders_make(&job->folders, path, &job->error);
    if (status != I2V_OK) return status;
    return first && (job->settings->output.no_replace || job->settings->skip_existing)
               ? i2v_array_save_new(path, latents, shape, ndim, &job->error)
               : i2v_array_save(path, latents, shape, ndim, &job->error);
}

i2v_status cli_latents_save(cli_job *job, const i2v_event *event) {
    const char *pattern = job->settings->save_latents;
    if (!pattern || !event->latents || event->step < event->steps) return I2V_OK;
    if (job->params.resume_from && event->num_clips > 1) return I2V_OK; /* clips before it were made by another run */
    double began = cli_now();
    int64_t shape[5];
    cli_latents_shape(shape, job);
    shape[0] = event->clip + 1;
    int skipped = event->num_clips == 1;
    free(job->latents_path);
    const float *latents = clips_so_far(job, event);
    job->latents_path = latents ? cli_job_path(job, pattern, event->video, event->num_videos) : NULL;
    if (!job->latents_path) return cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory to write %s", pattern);
    i2v_status status = write_array(job, latents, shape + skipped, 5 - skipped, event->clip == 0);
    job->save_seconds += cli_now() - began;
    if (status == I2V_OK) return status;
    free(job->latents_path);
    job->latents_path = NULL;
    return job->error.status;
}

i2v_status cli_latents_save_all(cli_job *job) {
    const char *pattern = job->settings->save_latents;
    const i2v_video *video = job->video;
    i2v_status status = I2V_OK;
    int64_t shape[] = {video->num_clips, video->clip_frames, video->latent_channels, video->latent_height,
                       video->latent_width};
    size_t size = (size_t)(shape[0] * shape[1] * shape[2] * shape[3] * shape[4]);
    int skipped = video->num_clips == 1;
    for (int i = 0; pattern && status == I2V_OK && i < video->num_videos; i++) {
        free(job->latents_path);
        job->latents_path = cli_job_path(job, pattern, i, video->num_videos);
        status = job->latents_path
                     ? write_array(job, video->latents + (size_t)i * size, shape + skipped, 5 - skipped, 0)
                     : cli_job_fail(job, I2V_ERROR_MEMORY, "not enough memory to write %s", pattern);
    }
    return status;
}

void cli_latents_tell(cli_job *job) {
    char *message = job->error.message;
    size_t length = strlen(message), room = sizeof job->error.message - length;
    if (job->latents_path) {
        snprintf(message + length, room, "; its latents are kept in %s, for img2vid decode", job->latents_path);
    }
}
