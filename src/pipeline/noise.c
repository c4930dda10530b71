#include "pipeline/noise.h"

#include "random/random.h"

#include <stdlib.h>
#include <string.h>

/* One draw from the caller's source. */
static i2v_status draw_own(i2v_engine *engine, const i2v_params *params, float *values, size_t count) {
    if (params->random(values, count, params->random_user) != 0) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "the caller's source of random numbers failed");
    }
    return i2v_check_finite(engine, values, count, "the caller's source of random numbers");
}

/* The noise of all videos, in one draw: torch's generator would give other values in several. */
static i2v_status draw_latents(i2v_engine *engine, const i2v_params *params, i2v_random *random, float *latents,
                               size_t count) {
    if (params->latents) {
        memcpy(latents, params->latents, count * sizeof *latents);
        return i2v_check_finite(engine, latents, count, "latents");
    }
    if (params->random) return draw_own(engine, params, latents, count);
    i2v_random_normal(random, latents, count);
    return I2V_OK;
}

/* The noise of some of the videos: that of the others is drawn and left. */
static i2v_status draw_some(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, i2v_random *random,
                            float *latents) {
    size_t video = i2v_sizes_latents(sizes), count = video * (size_t)sizes->num_noises;
    float *all = malloc(count * sizeof *all);
    if (!all) return i2v_fail_memory(&engine->error, "the noise of all videos", count * sizeof *all);
    i2v_status status = draw_latents(engine, params, random, all, count);
    if (!status)
        memcpy(latents, all + video * (size_t)sizes->first_noise, video * (size_t)sizes->num_videos * sizeof *latents);
    free(all);
    return status;
}

i2v_status i2v_draw_noise(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, float *augmentation,
                          float *latents) {
    size_t pixels = (size_t)3 * (size_t)sizes->height * (size_t)sizes->width;
    i2v_random *random = NULL;
    i2v_status status = I2V_OK;
    if (!params->random) status = i2v_random_new(&random, params->rng, params->seed, &engine->error);
    if (random) i2v_random_normal(random, augmentation, pixels);
    if (!status && params->random) status = draw_own(engine, params, augmentation, pixels);
    if (!status && sizes->num_noises == sizes->num_videos) {
        status = draw_latents(engine, params, random, latents, i2v_sizes_latents(sizes) * (size_t)sizes->num_videos);
    } else if (!status) {
        status = draw_some(engine, sizes, params, random, latents);
    }
    i2v_random_free(random);
    return status;
}
