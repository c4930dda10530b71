/* The JSON configurations of a model. The first byte says which: '0' UNet, '1' VAE, '2' CLIP, '3' feature extractor,
 * '4' scheduler, whose noise levels are then made. */
#include "fuzz.h"

#include "model/config.h"
#include "pipeline/scheduler.h"

#include <math.h>

static void make_levels(const i2v_scheduler_config *config) {
    for (int kind = I2V_SIGMA_SCHEDULE_AUTO; kind <= I2V_SIGMA_SCHEDULE_AYS; kind++) {
        i2v_schedule_request request = {.sigma_schedule = (i2v_sigma_schedule)kind, .steps = kind * 4 + 1};
        i2v_schedule schedule = {0};
        i2v_error error = {0};
        i2v_status status = i2v_schedule_check(config, &request, &error);
        if (!status) status = i2v_schedule_make(&schedule, config, &request, &error);
        fuzz_require_told(status, &error);
        if (status) continue;
        for (int i = 0; i < request.steps; i++) fuzz_require(isfinite(schedule.sigmas[i]) && schedule.sigmas[i] > 0);
        i2v_schedule_free(&schedule);
    }
}

/* Noise levels that take as many values as there are training timesteps are left out beyond this. */
#define MAX_TIMESTEPS 4000

static i2v_status read_scheduler(const char *path, i2v_error *error) {
    i2v_scheduler_config config;
    i2v_status status = i2v_scheduler_config_read(&config, path, error);
    if (!status && config.betas.num_train_timesteps <= MAX_TIMESTEPS) make_levels(&config);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const char *path = fuzz_file(data + 1, size - 1, 0);
    i2v_error error = {0};
    i2v_status status = I2V_OK;
    union {
        i2v_unet_config unet;
        i2v_vae_config vae;
        i2v_clip_config clip;
        i2v_normalization normalization;
    } config;
    switch (data[0] % 8) {
    case 0:
        status = i2v_unet_config_read(&config.unet, path, &error);
        if (!status) fuzz_require(config.unet.levels >= 1 && config.unet.levels <= I2V_MAX_LEVELS);
        break;
    case 1:
        status = i2v_vae_config_read(&config.vae, path, &error);
        if (!status) fuzz_require(config.vae.levels >= 1 && config.vae.levels <= I2V_MAX_LEVELS);
        break;
    case 2:
        status = i2v_clip_config_read(&config.clip, path, &error);
        break;
    case 3:
        status = i2v_normalization_read(&config.normalization, path, &error);
        break;
    default:
        status = read_scheduler(path, &error);
    }
    fuzz_require_told(status, &error);
    return 0;
}
