/* All that a call needs, checked and resolved once. */
#include "pipeline/request.h"

i2v_status i2v_request_make(i2v_request *request, i2v_engine *engine, const i2v_params *params) {
    i2v_sizes sizes;
    i2v_status status = i2v_sizes_of_params(&sizes, engine, params);
    if (status) return status;
    /* diffusers always draws it, whatever the strength */
    int augments = params->noise_aug == I2V_NOISE_AUG_DIFFUSERS || params->noise_aug_strength > 0;
    *request = (i2v_request){
        .sizes = sizes,
        .schedule = i2v_sizes_request(&sizes, params),
        .fps = params->fps,
        .time_ids = {(float)(params->fps - 1), (float)params->motion_bucket_id, (float)params->noise_aug_strength},
        .min_guidance_scale = params->min_guidance_scale,
        .max_guidance_scale = params->max_guidance_scale,
        .guidance_shape = params->guidance_shape,
        .fit = params->fit,
        .clip_pixels = params->clip_pixels,
        .vae_pixels = params->vae_pixels,
        .random = params->random,
        .random_user = params->random_user,
        .rng = params->rng,
        .seed = params->seed,
        .latents = params->latents,
        .noise_aug = params->noise_aug,
        .noise_aug_strength = (float)params->noise_aug_strength,
        .augments = augments};
    return I2V_OK;
}

i2v_request i2v_request_of_clip(const i2v_request *request, int clip) {
    i2v_request one = *request;
    one.sizes.num_videos = one.sizes.num_noises = 1;
    one.sizes.first_noise = 0;
    one.clip_pixels = one.vae_pixels = NULL;
    one.seed += (uint64_t)clip;
    return one;
}
