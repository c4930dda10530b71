#include "pipeline/noise.h"

#include "pipeline/not_finite.h"
#include "random/random.h"

#include <stdlib.h>
#include <string.h>

/* One draw: from the caller's source, or from ours. */
static i2v_status draw(i2v_engine *engine, const i2v_params *params, i2v_random *random, float *values, size_t count) {
    if (!params->random) {
        i2v_random_normal(random, values, count);
        return I2V_OK;
    }
    if (params->random(values, count, params->random_user) != 0) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "the caller's source of random numbers failed");
    }
    return i2v_check_given(engine, values, count, "the caller's source of random numbers");
}

/* One draw of the noise of all videos, of which those of the run are kept: torch's generator would give other values in
 * several. */
static i2v_status draw_videos(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, i2v_random *random,
                              float *values) {
    size_t video = i2v_sizes_latents(sizes), count = video * (size_t)sizes->num_noises;
    if (sizes->num_noises == sizes->num_videos) return draw(engine, params, random, values, count);
    float *all = malloc(count * sizeof *all);
    if (!all) return i2v_fail_memory(&engine->error, "the noise of all videos", count * sizeof *all);
    i2v_status status = draw(engine, params, random, all, count);
    const float *first = all + video * (size_t)sizes->first_noise;
    if (!status) memcpy(values, first, video * (size_t)sizes->num_videos * sizeof *values);
    free(all);
    return status;
}

/* The caller's noise of all videos. */
static i2v_status take_latents(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, float *latents) {
    size_t video = i2v_sizes_latents(sizes);
    const float *first = params->latents + video * (size_t)sizes->first_noise;
    memcpy(latents, first, video * (size_t)sizes->num_videos * sizeof *latents);
    return i2v_check_given(engine, params->latents, video * (size_t)sizes->num_noises, "latents");
}

int i2v_noise_augments(const i2v_params *params) {
    return params->noise_aug == I2V_NOISE_AUG_DIFFUSERS || params->noise_aug_strength > 0;
}

i2v_status i2v_draw_noise(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, float *augmentation,
                          float *latents, float *step_noise) {
    size_t pixels = (size_t)3 * (size_t)sizes->height * (size_t)sizes->width;
    size_t videos = i2v_sizes_latents(sizes) * (size_t)sizes->num_videos;
    int last = params->noise_aug == I2V_NOISE_AUG_COMFYUI;
    i2v_random *random = NULL;
    i2v_status status = I2V_OK;
    if (!params->random) status = i2v_random_new(&random, params->rng, params->seed, &engine->error);
    if (!status && !last) status = draw(engine, params, random, augmentation, pixels);
    if (!status) {
        status = params->latents ? take_latents(engine, sizes, params, latents)
                                 : draw_videos(engine, sizes, params, random, latents);
    }
    for (int i = 0; !status && i < sizes->noise_draws; i++) {
        status = draw_videos(engine, sizes, params, random, step_noise + (size_t)i * videos);
    }
    if (!status && last && augmentation) status = draw(engine, params, random, augmentation, pixels);
    i2v_random_free(random);
    return status;
}
