/* The sampling loop: one pass or two, then the scheduler's update, again and again. */
#include "pipeline/denoise.h"

#include "pipeline/checkpoint.h"
#include "pipeline/guidance.h"
#include "pipeline/not_finite.h"
#include "pipeline/solver.h"
#include "tensor/values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The UNet's input: latents over the input scale, then the picture's latent (zero in the unconditional pass), on
 * channels. */
static void fill_sample(i2v_run *run, i2v_tensor sample, const i2v_sizes *sizes, const float *image_latent, float sigma,
                        const float *latents) {
    int channels = sizes->latent_channels;
    int64_t pixels = (int64_t)sizes->latent_height * sizes->latent_width;
    float scale = i2v_schedule_input_scale(sigma);
    i2v_walk walk = i2v_walk_to_write(run, sample);
    for (float *out; (out = i2v_walk_next(&walk));) {
        int64_t frame = walk.row / pixels, i = walk.row % pixels;
        for (int c = 0; c < channels; c++) {
            out[c] = latents[(frame * channels + c) * pixels + i] / scale;
            out[channels + c] = image_latent ? image_latent[i * channels + c] : 0;
        }
    }
    i2v_walk_end(&walk);
}

/* The UNet's prediction with the picture, or without it (zero vector and zero latent). */
static void predict(i2v_denoiser *d, int with_image, const i2v_unet_tensors *time, const i2v_step *step,
                    const float *latents, i2v_tensor out) {
    const i2v_sizes *sizes = d->sizes;
    i2v_tensor sample = i2v_tensor_new_f32(d->run, sizes->num_frames, sizes->latent_height, sizes->latent_width,
                                           d->unet->config.in_channels);
    fill_sample(d->run, sample, sizes, with_image ? d->condition->latent : NULL, step->update.sigma, latents);
    i2v_unet_input input = {.sample = sample,
                            .positions = &d->positions,
                            .cross_attention = with_image ? &d->with : &d->without,
                            .time = time};
    i2v_unet_features features;
    i2v_unet_forward_keeping(d->run, d->unet, out, &input,
                             i2v_deep_cache_next(&d->cache, &features, with_image, step->index));
    i2v_tensor_free(d->run, &sample);
}

/* Time embeddings of what the step's passes compute. */
static void embed_time(i2v_unet_tensors *time, const i2v_denoiser *d, const i2v_step *step) {
    const float *ids = d->condition->time_ids;
    int are_cached = i2v_deep_cache_has(&d->cache, I2V_HALF_WITH, step->index) &&
                     (!d->sizes->guidance || step->evaluation != I2V_EVALUATION_WHOLE ||
                      i2v_deep_cache_has(&d->cache, I2V_HALF_WITHOUT, step->index));
    if (are_cached)
        i2v_unet_time_cached(time, d->run, d->unet, &d->cache.cut, step->timestep, ids);
    else
        i2v_unet_time(time, d->run, d->unet, step->timestep, ids);
}

/* The weight that guidance gives a frame. */
static float weight_of(const i2v_denoiser *d, int64_t frame) {
    const i2v_condition *condition = d->condition;
    return i2v_guidance_weight(condition->guidance_shape, condition->min_guidance_scale, condition->max_guidance_scale,
                               d->sizes->num_frames, (int)frame);
}

/* Moves one latent, `at`, by its velocity. count: values of the latents. */
static void move(const i2v_step *step, float *latents, int64_t at, float velocity, size_t count) {
    const i2v_update *update = &step->update;
    if (step->denoised) step->denoised[at] = i2v_denoised(latents[at], velocity, update->sigma);
    if (step->slopes) {
        float *slope = step->slopes + at;
        slope[0] = slope[count];
        slope[count] = i2v_slope(latents[at], velocity, update->sigma);
    }
    latents[at] = update->advance(update, latents[at], velocity, step->noise ? step->noise[at] : 0,
                                  step->memory ? step->memory + at : NULL, count);
}

/* latents by slopes that go on as those before do. */
static void forecast(const i2v_denoiser *d, const i2v_step *step, float *latents) {
    size_t count = i2v_sizes_latents(d->sizes);
    i2v_step moves = *step;
    moves.slopes = NULL; /* those that were computed stay */
    for (size_t at = 0; at < count; at++) {
        float last = step->slopes[count + at], slope = last + step->ahead * (last - step->slopes[at]);
        float velocity = i2v_slope_velocity(latents[at], slope, step->update.sigma);
        move(&moves, latents, (int64_t)at, velocity, count);
    }
}

/* latents [frames, channels, h, w] by predictions [frames, h, w, channels]: with the picture, or, where `without` is
 * one, without + weight (with - without), one weight a frame. Where that difference is carried, the same by it. */
static void advance(const i2v_denoiser *d, i2v_tensor with, i2v_tensor without, const i2v_step *step, float *latents) {
    int64_t pixels = (int64_t)with.height * with.width;
    size_t count = i2v_sizes_latents(d->sizes);
    i2v_walk walk = i2v_walk_to_read(d->run, with), other = i2v_walk_to_read(d->run, without);
    const float *v, *base = NULL;
    float weight = 0, *difference = step->difference;
    int carried = step->evaluation == I2V_EVALUATION_CARRIED;
    while ((v = i2v_walk_next(&walk)) && (!without.channels || (base = i2v_walk_next(&other)))) {
        int64_t frame = walk.row / pixels, pixel = walk.row % pixels;
        if ((base || carried) && pixel == 0) weight = weight_of(d, frame);
        for (int c = 0; c < with.channels; c++) {
            int64_t at = (frame * with.channels + c) * pixels + pixel;
            float velocity = base ? base[c] + weight * (v[c] - base[c]) : v[c];
            if (base && difference) difference[at] = v[c] - base[c];
            if (carried) velocity = v[c] + (weight - 1) * difference[at];
            move(step, latents, at, velocity, count);
        }
    }
    i2v_walk_end(&other);
    i2v_walk_end(&walk);
}

i2v_status i2v_denoiser_begin(i2v_denoiser *denoiser, i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes,
                              const i2v_condition *condition) {
    /* a compound literal would be a copy of 14 KB on a caller's stack, where the compiler does not optimize */
    memset(denoiser, 0, sizeof *denoiser);
    denoiser->run = run;
    denoiser->unet = unet;
    denoiser->sizes = sizes;
    denoiser->condition = condition;
    i2v_tensor context = i2v_tensor_new_f32(run, 1, 1, 1, unet->config.cross_attention_dim), none = {0};
    i2v_tensor_write(run, context, condition->embedding);
    i2v_unet_positions(&denoiser->positions, run, unet, sizes->num_frames);
    i2v_unet_cross_attention(&denoiser->with, run, unet, context);
    if (sizes->guidance) i2v_unet_cross_attention(&denoiser->without, run, unet, none);
    i2v_tensor_free(run, &context);
    i2v_deep_cache_begin(&denoiser->cache, run, unet, sizes);
    return run->status;
}

void i2v_denoiser_end(i2v_denoiser *denoiser) {
    i2v_deep_cache_end(&denoiser->cache, denoiser->run);
    i2v_unet_tensors_free(denoiser->run, &denoiser->without);
    i2v_unet_tensors_free(denoiser->run, &denoiser->with);
    i2v_unet_tensors_free(denoiser->run, &denoiser->positions);
    memset(denoiser, 0, sizeof *denoiser);
}

i2v_status i2v_denoise_step(i2v_denoiser *denoiser, const i2v_step *step, float *latents) {
    i2v_run *run = denoiser->run;
    const i2v_sizes *sizes = denoiser->sizes;
    int h = sizes->latent_height, w = sizes->latent_width;
    i2v_unet_tensors time;
    if (step->evaluation == I2V_EVALUATION_FORECAST) {
        forecast(denoiser, step, latents);
        return run->status;
    }
    embed_time(&time, denoiser, step);
    i2v_tensor with = i2v_tensor_new_f32(run, sizes->num_frames, h, w, sizes->latent_channels), without = {0};
    predict(denoiser, I2V_HALF_WITH, &time, step, latents, with);
    if (sizes->guidance && step->evaluation == I2V_EVALUATION_WHOLE) {
        without = i2v_tensor_new_f32(run, sizes->num_frames, h, w, sizes->latent_channels);
        predict(denoiser, I2V_HALF_WITHOUT, &time, step, latents, without);
    }
    advance(denoiser, with, without, step, latents);
    i2v_tensor_free(run, &without);
    i2v_tensor_free(run, &with);
    i2v_unet_tensors_free(run, &time);
    return run->status;
}

/* A preview comes where a step ends. */
static int is_preview_due(const i2v_preview *preview, const i2v_schedule *schedule, int evaluations) {
    double steps = i2v_solver_steps_done(schedule->scheduler, schedule->steps, evaluations);
    return preview && steps == floor(steps) && i2v_preview_is_due(preview, (int)steps, schedule->steps);
}

/* Tells of an evaluation, from 1, and looks at the latents before the callback sees them and after: it may have changed
 * them. preview: NULL, or one of which the step's estimate is there. */
static i2v_status tell_step(i2v_call *call, int evaluation, float *latents, size_t count, i2v_preview *preview) {
    char what[64];
    int steps = call->scheduler_steps;
    int step = (int)ceil(i2v_solver_steps_done(call->scheduler, steps, evaluation)); /* the one that it is of */
    i2v_status status = i2v_check_computed(call->engine, I2V_PART_UNET, latents, count,
                                           "the UNet's output in step %d of %d", step, steps);
    if (!status && preview) {
        i2v_preview_make(preview);
        call->event.preview = preview->images;
        call->event.preview_count = (size_t)preview->sizes->num_frames;
    }
    if (!status) status = i2v_call_step(call, evaluation, latents, count);
    if (status) return status;
    snprintf(what, sizeof what, "latents after the callback of step %d of %d", step, steps);
    return i2v_check_given(call->engine, latents, count, what);
}

i2v_status i2v_denoise(i2v_call *call, i2v_denoiser *denoiser, const i2v_schedule *schedule, const float *step_noise,
                       int video, float *latents, float *memory) {
    const i2v_sizes *sizes = denoiser->sizes;
    size_t count = i2v_sizes_latents(sizes), draw = count * (size_t)sizes->num_videos;
    int done = i2v_checkpoint_steps(call->checkpoint, call->clip, video), steps = sizes->steps;
    const i2v_passes *passes = &sizes->passes;
    float *kept = memory ? memory + count * (size_t)(sizes->remembered - i2v_passes_remembered(passes)) : NULL;
    if (done == steps) return I2V_OK;
    i2v_deep_cache_forget(&denoiser->cache);
    if (done == 0 && memory) memset(memory, 0, i2v_sizes_memory(sizes) * sizeof *memory);
    call->scheduler = schedule->scheduler;
    call->scheduler_steps = schedule->steps;
    i2v_status status = i2v_call_go_on_phase(call, I2V_PHASE_DENOISE, I2V_STAGE_UNET, video, done, steps);
    for (int i = done; !status && i < steps; i++) {
        i2v_preview *preview = is_preview_due(denoiser->preview, schedule, i + 1) ? denoiser->preview : NULL;
        i2v_step step = {.index = i,
                         .timestep = schedule->timesteps[i2v_solver_level(schedule->scheduler, i)],
                         .noise = step_noise ? step_noise + (size_t)i * draw : NULL,
                         .denoised = preview ? preview->denoised : NULL,
                         .memory = memory,
                         .evaluation = i2v_passes_of(passes, i),
                         .difference = i2v_passes_carry(passes) ? kept : NULL};
        if (i2v_passes_forecast(passes)) step.slopes = kept + count * (size_t)i2v_passes_carry(passes);
        if (step.evaluation == I2V_EVALUATION_FORECAST) step.ahead = i2v_passes_ahead(passes, schedule->sigmas, i);
        i2v_solver_of(schedule->scheduler)->update(&step.update, schedule->sigmas, schedule->steps, i);
        i2v_call_begin_pass(call, denoiser->run, 1);
        status = i2v_denoise_step(denoiser, &step, latents);
        call->event.timestep = step.timestep;
        if (!status) status = tell_step(call, i + 1, latents, count, preview);
        if (!status) i2v_checkpoint_write_at(call, (i2v_position){call->clip, video, 0, i + 1});
    }
    return status;
}
