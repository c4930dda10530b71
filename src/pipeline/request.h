/* All that a call needs, checked and resolved once: nothing below reads the caller's params. */
#ifndef I2V_PIPELINE_REQUEST_H
#define I2V_PIPELINE_REQUEST_H

#include "pipeline/sizes.h"

typedef struct i2v_request {
    i2v_sizes sizes;
    i2v_schedule_request schedule;
    int fps;           /* of the video */
    float time_ids[3]; /* what the UNet is told: fps - 1, motion_bucket_id, noise_aug_strength */
    double min_guidance_scale, max_guidance_scale;
    i2v_guidance_shape guidance_shape;
    i2v_fit fit;
    const float *clip_pixels, *vae_pixels; /* NULL, or what CLIP and the VAE see in place of the picture */
    /* Random numbers: the caller's own, or by rng and seed. */
    i2v_normal_source random; /* NULL: ours */
    void *random_user;
    i2v_rng rng;
    uint64_t seed;
    const float *latents; /* NULL, or the caller's noise in place of the first that is drawn */
    i2v_noise_aug noise_aug;
    float noise_aug_strength;
    int augments; /* 1: the noise that is laid over the picture is drawn */
} i2v_request;

/* Checks the params of i2v_generate, with the model's own values for those left open. Arrays stay the caller's. */
i2v_status i2v_request_make(i2v_request *request, i2v_engine *engine, const i2v_params *params);

/* The request for one further clip of one video. request: that of the whole call; clip: 1 for the clip after the first.
 * Its picture is the last frame of the clip before, and its noise comes from seed + clip. The caller's clip_pixels and
 * vae_pixels are for the first clip alone. */
i2v_request i2v_request_of_clip(const i2v_request *request, int clip);

#endif
