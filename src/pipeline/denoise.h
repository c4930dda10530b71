/* The sampling loop: noise to latents. */
#ifndef I2V_PIPELINE_DENOISE_H
#define I2V_PIPELINE_DENOISE_H

#include "pipeline/deep_cache.h"
#include "pipeline/preview.h"
#include "pipeline/solver.h"
#include "pipeline/stage.h"

/* What conditions every step of a call. */
typedef struct i2v_condition {
    const float *embedding; /* [cross_attention_dim]: CLIP's vector */
    const float *latent;    /* [latent_height, latent_width, latent_channels]: the picture's */
    float time_ids[3];      /* fps - 1, motion_bucket_id, noise_aug_strength */
    double min_guidance_scale, max_guidance_scale;
    i2v_guidance_shape guidance_shape;
} i2v_condition;

/* A UNet under one condition, for all steps of all videos of a call. */
typedef struct i2v_denoiser {
    i2v_run *run;
    const i2v_unet *unet;
    const i2v_sizes *sizes;
    const i2v_condition *condition;
    i2v_unet_tensors positions, with, without; /* cross-attention: to the picture's vector and, for guidance, to none */
    i2v_deep_cache cache;
    i2v_preview *preview; /* NULL after i2v_denoiser_begin; one whose map is fitted may be set then */
} i2v_denoiser;

/* Computes what no step changes, into the run's pool. In a dry run the condition's arrays are not touched. End the
 * denoiser in any case. */
i2v_status i2v_denoiser_begin(i2v_denoiser *denoiser, i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes,
                              const i2v_condition *condition);
/* Of a zero-initialized one, too. */
void i2v_denoiser_end(i2v_denoiser *denoiser);

/* One evaluation of the UNet, and what is made of it. */
typedef struct i2v_step {
    int index;      /* of the evaluation, from the video's first on */
    float timestep; /* of the update's sigma */
    i2v_update update;
    const float *noise; /* [num_frames, channels, h, w], or NULL: zeros */
    float *denoised;    /* NULL, or where the estimate of the clean latents goes, [num_frames, channels, h, w] */
    float *memory;      /* what the scheduler remembers, [..., num_frames, channels, h, w] */
    i2v_evaluation evaluation;
    float *difference; /* NULL, or [num_frames, channels, h, w]: with - without the picture, written where the
                          evaluation is whole and read where it is carried */
    float *slopes;     /* NULL, or [2, num_frames, channels, h, w]: (latent - clean) / sigma of the last two evaluations
                          that     were computed, the later one last */
    float ahead;       /* of a forecast: i2v_passes_ahead */
} i2v_step;

/* One step of latents [num_frames, channels, h, w]. In a dry run latents, noise and memory are not touched. */
i2v_status i2v_denoise_step(i2v_denoiser *denoiser, const i2v_step *step, float *latents);

/* All steps of one video that were not done before the call, with events; latents begin as scaled noise. step_noise:
 * where that of i2v_draw_noise begins for the video, or NULL. memory: room for what sizes say is remembered; where
 * steps were done before, that. */
i2v_status i2v_denoise(i2v_call *call, i2v_denoiser *denoiser, const i2v_schedule *schedule, const float *step_noise,
                       int video, float *latents, float *memory);

#endif
