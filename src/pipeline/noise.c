#include "pipeline/noise.h"

#include "random/random.h"

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
    return i2v_check_finite(engine, values, count, "the caller's source of random numbers");
}

i2v_status i2v_draw_noise(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, float *augmentation,
                          float *latents, float *step_noise) {
    size_t pixels = (size_t)3 * (size_t)sizes->height * (size_t)sizes->width;
    size_t count = i2v_sizes_latents(sizes) * (size_t)sizes->num_videos;
    i2v_random *random = NULL;
    i2v_status status = I2V_OK;
    if (!params->random) status = i2v_random_new(&random, params->rng, params->seed, &engine->error);
    if (!status) status = draw(engine, params, random, augmentation, pixels);
    if (!status && params->latents) {
        status = i2v_check_finite(engine, params->latents, count, "latents");
        if (!status) memcpy(latents, params->latents, count * sizeof *latents);
    } else if (!status) {
        status = draw(engine, params, random, latents, count);
    }
    for (int i = 0; !status && i < sizes->noise_draws; i++) {
        status = draw(engine, params, random, step_noise + (size_t)i * count, count);
    }
    i2v_random_free(random);
    return status;
}
