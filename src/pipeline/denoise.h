/* The sampling loop: noise to latents. */
#ifndef I2V_PIPELINE_DENOISE_H
#define I2V_PIPELINE_DENOISE_H

#include "pipeline/sizes.h"
#include "pipeline/stage.h"

/* What conditions every step of a run. */
typedef struct i2v_condition {
    const float *embedding; /* [cross_attention_dim]: CLIP's vector */
    const float *latent;    /* [latent_height, latent_width, latent_channels]: the picture's */
    float time_ids[3];      /* fps - 1, motion_bucket_id, noise_aug_strength */
    double min_guidance_scale, max_guidance_scale;
} i2v_condition;

/* One step of latents [num_frames, channels, h, w] from sigma to next, timestep being sigma's. In a dry run latents
 * and condition's arrays are not touched. */
i2v_status i2v_denoise_step(i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes, const i2v_condition *condition,
                            float timestep, float sigma, float next, float *latents);

/* All steps of one video, with events; latents begin as scaled noise. */
i2v_status i2v_denoise(i2v_call *call, i2v_stage *stage, const i2v_sizes *sizes, const i2v_condition *condition,
                       const i2v_schedule *schedule, int video, float *latents);

#endif
