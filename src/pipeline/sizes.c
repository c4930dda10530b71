/* The sizes of a run, checked. */
#include "pipeline/sizes.h"

#include "base/parameters.h"
#include "model/unet_cut.h"
#include "pipeline/clip_pixels.h"
#include "pipeline/guidance.h"
#include "pipeline/solver.h"

#include <math.h>
#include <stdlib.h>

#define MAX_SIDE 8192
#define MAX_FRAMES 4096
#define MAX_STEPS 10000
#define NAME(field) I2V_PARAMETER(PARAMS, i2v_params, field)->name

static i2v_status check_range(i2v_engine *engine, const char *name, int value, int low, int high) {
    if (value >= low && value <= high) return I2V_OK;
    return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, I2V_NAME("%s") " is %d; it must be between %d and %d", name,
                    value, low, high);
}

static i2v_status check_side(i2v_engine *engine, const char *name, int value) {
    int step = i2v_model_size_step(engine->model);
    if (value >= step && value <= MAX_SIDE && value % step == 0) return I2V_OK;
    int nearest = step;
    if (value > MAX_SIDE) {
        nearest = MAX_SIDE / step * step;
    } else if (value > step) {
        nearest = (value + step / 2) / step * step;
    }
    return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                    I2V_NAME("%s") " is %d; it must be a multiple of %d between %d and %d, the nearest is %d", name,
                    value, step, step, MAX_SIDE, nearest);
}

static i2v_status check_pixels(i2v_engine *engine, const char *name, const float *pixels, size_t count) {
    for (size_t i = 0; pixels && i < count; i++) {
        if (pixels[i] >= 0 && pixels[i] <= 1) continue; /* false for NaN */
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                        I2V_NAME("%s") " has the value %g; all must be within 0..1", name, (double)pixels[i]);
    }
    return I2V_OK;
}

static i2v_status check_sigmas(i2v_engine *engine, const double *sigmas, size_t count) {
    i2v_error *error = &engine->error;
    if (count < 2 || count > MAX_STEPS + 1) {
        return i2v_fail(error, I2V_ERROR_PARAMETER,
                        I2V_NAME("sigmas") " has %zu values; it needs one more than there are steps", count);
    }
    for (size_t i = 0; i < count; i++) {
        int last = i + 1 == count;
        if (!isfinite(sigmas[i]) || sigmas[i] > 1e6 || sigmas[i] < (last ? 0 : 1e-6)) {
            return i2v_fail(error, I2V_ERROR_PARAMETER,
                            I2V_NAME("sigmas") " has %g; values must be above 0 and at most 1e6, the last may be 0",
                            sigmas[i]);
        }
        if (i > 0 && sigmas[i] >= sigmas[i - 1]) {
            return i2v_fail(error, I2V_ERROR_PARAMETER, I2V_NAME("sigmas") " must decrease, but %g follows %g",
                            sigmas[i], sigmas[i - 1]);
        }
    }
    return I2V_OK;
}

/* Those of a call, each for itself. Where there are sigmas, steps are what they come to. */
static i2v_status check_each(i2v_engine *engine, unsigned call, const i2v_params *params, int steps) {
    i2v_params checked = *params;
    checked.num_inference_steps = steps;
    return i2v_parameters_check(I2V_STRUCT_PARAMS, call, &checked, &engine->error);
}

static i2v_status check_branch(i2v_engine *engine, int branch) {
    int end = i2v_unet_branches_end(&engine->model->unet);
    if (branch < end) return I2V_OK;
    return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                    I2V_NAME("cache_branch") " is %d; the UNet has %d skip branches, -1 to %d", branch, end + 1,
                    end - 1);
}

/* decode_chunk_size and the latents' sizes, from the others. */
static i2v_status complete(i2v_sizes *sizes, i2v_engine *engine, const i2v_params *params) {
    int factor = i2v_model_vae_scale_factor(engine->model);
    i2v_status status = i2v_parameter_check(I2V_PARAMETER(PARAMS, i2v_params, extend), params, &engine->error);
    if (!status && params->extend && sizes->num_frames < 2) {
        status = i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                          I2V_NAME("extend") " needs 2 or more of " I2V_NAME("num_frames")
                          ": the first frame of each further clip is left out");
    }
    if (status) return status;
    sizes->num_clips = params->extend + 1;
    int chunk = params->decode_chunk_size;
    sizes->decode_chunk_size = chunk == 0 || chunk > sizes->num_frames ? sizes->num_frames : chunk;
    sizes->latent_channels = engine->model->unet.out_channels;
    sizes->latent_height = sizes->height / factor;
    sizes->latent_width = sizes->width / factor;
    return I2V_OK;
}

i2v_schedule_request i2v_sizes_request(const i2v_sizes *sizes, const i2v_params *params) {
    return (i2v_schedule_request){.scheduler = params->scheduler,
                                  .sigma_schedule = params->sigma_schedule,
                                  .custom = params->sigmas,
                                  .steps = sizes->levels};
}

/* A forecast is of a path that bends, and does not jump. */
static i2v_status check_forecast(i2v_engine *engine, const i2v_params *params, i2v_scheduler scheduler) {
    const i2v_solver *solver = i2v_solver_of(scheduler);
    if (params->forecast_every == 1)
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                        I2V_NAME("%s") " is 1, which would leave nothing to be computed; it must be 0 or 2 to 10000",
                        NAME(forecast_every));
    if (!params->forecast_every || !(solver->draws_noise || solver->is_twofold)) return I2V_OK;
    char name[I2V_CHOICE_SIZE];
    return i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                    I2V_NAME("%s") " is for the schedulers euler, dpmpp_2m and unipc, and " I2V_NAME(
                        "%s") " is %s: choose one of these, or give " I2V_NAME("%s") " 0",
                    NAME(forecast_every), NAME(scheduler),
                    i2v_choice_name(name, I2V_PARAMETER(PARAMS, i2v_params, scheduler), (int)scheduler),
                    NAME(forecast_every));
}

/* Which passes evaluations take. Without any in the interval there is no guidance. */
static i2v_status choose_passes(i2v_sizes *sizes, i2v_engine *engine, const i2v_params *params) {
    i2v_passes_request asked = {.every = params->guidance_every, .forecast_every = params->forecast_every};
    i2v_status status = i2v_passes_read_interval(&asked, params->guidance_interval, &engine->error);
    if (status || !i2v_passes_are_sparse(&asked) || !(sizes->guidance || asked.forecast_every)) return status;
    i2v_schedule schedule = {0};
    i2v_schedule_request request = i2v_sizes_request(sizes, params);
    float *sigmas = malloc((size_t)sizes->steps * sizeof *sigmas);
    status = sigmas ? i2v_schedule_make(&schedule, &engine->model->scheduler, &request, &engine->error)
                    : i2v_fail_memory(&engine->error, "noise levels", (size_t)sizes->steps * sizeof *sigmas);
    for (int i = 0; !status && i < sizes->steps; i++)
        sigmas[i] = schedule.sigmas[i2v_solver_level(schedule.scheduler, i)];
    if (!status) sizes->passes = i2v_passes_make(&asked, sigmas, sizes->steps, sizes->guidance);
    if (!status && sizes->passes.first == sizes->passes.last) {
        sizes->guidance = 0;
        sizes->passes = i2v_passes_make(&asked, sigmas, sizes->steps, 0);
    }
    i2v_schedule_free(&schedule);
    free(sigmas);
    return status;
}

i2v_status i2v_sizes_of_params(i2v_sizes *sizes, i2v_engine *engine, const i2v_params *params) {
    *sizes = (i2v_sizes){0};
    i2v_model_default_size(engine->model, &sizes->width, &sizes->height);
    if (params->width != 0) sizes->width = params->width;
    if (params->height != 0) sizes->height = params->height;
    sizes->num_frames = params->num_frames != 0 ? params->num_frames : engine->model->unet.num_frames;
    sizes->num_videos = params->num_videos;
    sizes->levels = params->sigmas ? (int)(params->sigmas_count - 1) : params->num_inference_steps;

    i2v_status status = check_side(engine, NAME(width), sizes->width);
    if (!status) status = check_side(engine, NAME(height), sizes->height);
    if (!status) status = check_range(engine, NAME(num_frames), sizes->num_frames, 1, MAX_FRAMES);
    if (!status && params->sigmas) status = check_sigmas(engine, params->sigmas, params->sigmas_count);
    if (!status) status = check_each(engine, I2V_FOR_GENERATE, params, sizes->levels);
    if (!status) status = check_branch(engine, params->cache_branch);
    if (!status) status = check_range(engine, NAME(video_index), params->video_index, -1, params->num_videos - 1);
    if (!status && !params->sigmas && params->sigmas_count) {
        status = i2v_fail(&engine->error, I2V_ERROR_PARAMETER, I2V_NAME("sigmas") " is NULL, but sigmas_count is %zu",
                          params->sigmas_count);
    }
    if (!status) {
        i2v_schedule_request request = i2v_sizes_request(sizes, params);
        status = i2v_schedule_check(&engine->model->scheduler, &request, &engine->error);
    }
    if (!status && params->extend && params->latents) {
        status = i2v_fail(
            &engine->error, I2V_ERROR_PARAMETER,
            I2V_NAME("latents") " and " I2V_NAME("extend") " exclude each other: every clip needs noise of its own");
    }
    if (!status && params->extend && params->latents_only) {
        status = i2v_fail(&engine->error, I2V_ERROR_PARAMETER,
                          I2V_NAME("latents_only") " and " I2V_NAME("extend")
                          " exclude each other: a clip is made of a frame of the one before");
    }
    if (status) return status;
    sizes->latents_only = params->latents_only != 0;
    sizes->preview_every = params->preview_every;
    sizes->num_noises = params->num_videos;
    if (params->video_index >= 0) {
        sizes->num_videos = 1;
        sizes->first_noise = params->video_index;
    }
    sizes->guidance = i2v_guidance_needed(params->guidance_shape, params->min_guidance_scale,
                                          params->max_guidance_scale, sizes->num_frames);
    sizes->picture = i2v_sizes_frame(sizes);
    i2v_scheduler scheduler = i2v_schedule_scheduler(&engine->model->scheduler, params->scheduler);
    sizes->steps = i2v_solver_evaluations(scheduler, sizes->levels);
    sizes->noise_draws = i2v_solver_draws(scheduler, sizes->levels);
    status = check_forecast(engine, params, scheduler);
    if (!status) status = choose_passes(sizes, engine, params);
    if (status) return status;
    sizes->cache_interval = params->cache_interval < sizes->steps ? params->cache_interval : sizes->steps;
    sizes->cache_branch = params->cache_branch;
    sizes->remembered = i2v_solver_of(scheduler)->memory + i2v_passes_remembered(&sizes->passes);
    status = check_pixels(engine, "clip_pixels", params->clip_pixels, (size_t)3 * I2V_CLIP_SIDE * I2V_CLIP_SIDE);
    if (!status) status = check_pixels(engine, "vae_pixels", params->vae_pixels, i2v_sizes_frame(sizes));
    return status ? status : complete(sizes, engine, params);
}

i2v_status i2v_sizes_of_latents(i2v_sizes *sizes, i2v_engine *engine, const i2v_params *params, int num_frames,
                                int latent_height, int latent_width) {
    int factor = i2v_model_vae_scale_factor(engine->model);
    *sizes = (i2v_sizes){.num_frames = num_frames, .num_videos = 1};
    i2v_status status = check_range(engine, NAME(num_frames), num_frames, 1, MAX_FRAMES);
    if (!status) status = check_each(engine, I2V_FOR_DECODE, params, params->num_inference_steps);
    if (!status) status = check_range(engine, "the latents' height", latent_height, 1, MAX_SIDE / factor);
    if (!status) status = check_range(engine, "the latents' width", latent_width, 1, MAX_SIDE / factor);
    if (status) return status;
    sizes->height = latent_height * factor;
    sizes->width = latent_width * factor;
    return complete(sizes, engine, params);
}

size_t i2v_sizes_latents(const i2v_sizes *sizes) {
    return (size_t)sizes->num_frames * i2v_sizes_frame_latents(sizes);
}

size_t i2v_sizes_frame_latents(const i2v_sizes *sizes) {
    return (size_t)sizes->latent_channels * (size_t)sizes->latent_height * (size_t)sizes->latent_width;
}

size_t i2v_sizes_frame(const i2v_sizes *sizes) {
    return (size_t)sizes->height * (size_t)sizes->width * 3;
}

size_t i2v_sizes_pixels(const i2v_sizes *sizes) {
    return (size_t)sizes->num_frames * i2v_sizes_frame(sizes);
}

int i2v_sizes_frames(const i2v_sizes *sizes) {
    return sizes->num_clips * (sizes->num_frames - 1) + 1;
}

size_t i2v_sizes_memory(const i2v_sizes *sizes) {
    return i2v_sizes_latents(sizes) * (size_t)sizes->remembered;
}

size_t i2v_sizes_step_noise(const i2v_sizes *sizes) {
    return i2v_sizes_latents(sizes) * (size_t)sizes->num_videos * (size_t)sizes->noise_draws;
}
