#include "pipeline/denoise.h"

#include "pipeline/guidance.h"
#include "pipeline/not_finite.h"

#include <stdio.h>
#include <string.h>

/* The UNet's input: latents over the input scale, then the picture's latent (zero in the unconditional pass), on
 * channels. */
static void fill_sample(i2v_run *run, i2v_tensor sample, const i2v_sizes *sizes, const float *image_latent, float sigma,
                        const float *latents) {
    if (!i2v_run_computes(run)) return;
    int channels = sizes->latent_channels;
    int64_t pixels = (int64_t)sizes->latent_height * sizes->latent_width;
    float scale = i2v_schedule_input_scale(sigma);
    for (int64_t frame = 0; frame < sizes->num_frames; frame++) {
        for (int64_t i = 0; i < pixels; i++) {
            float *out = i2v_tensor_floats(&sample) + (frame * pixels + i) * sample.channels;
            for (int c = 0; c < channels; c++) {
                out[c] = latents[(frame * channels + c) * pixels + i] / scale;
                out[channels + c] = image_latent ? image_latent[i * channels + c] : 0;
            }
        }
    }
}

/* The UNet's prediction with the picture, or without it (zero vector and zero latent). */
static void predict(const i2v_denoiser *d, int with_image, const i2v_unet_tensors *time, float sigma,
                    const float *latents, i2v_tensor out) {
    const i2v_sizes *sizes = d->sizes;
    i2v_tensor sample = i2v_tensor_new_f32(d->run, sizes->num_frames, sizes->latent_height, sizes->latent_width,
                                           d->unet->config.in_channels);
    fill_sample(d->run, sample, sizes, with_image ? d->condition->latent : NULL, sigma, latents);
    i2v_unet_input input = {.sample = sample,
                            .positions = &d->positions,
                            .cross_attention = with_image ? &d->with : &d->without,
                            .time = time};
    i2v_unet_forward(d->run, d->unet, out, &input, NULL, NULL);
    i2v_tensor_free(d->run, &sample);
}

/* with becomes without + weight (with - without), one weight a frame. */
static void guide(i2v_run *run, const i2v_condition *condition, i2v_tensor with, i2v_tensor without) {
    if (!i2v_run_computes(run)) return;
    int64_t frame_size = i2v_tensor_count(&with) / with.frames;
    for (int frame = 0; frame < with.frames; frame++) {
        float weight = i2v_guidance_weight(condition->guidance_shape, condition->min_guidance_scale,
                                           condition->max_guidance_scale, with.frames, frame);
        float *a = i2v_tensor_floats(&with) + frame * frame_size;
        const float *b = i2v_tensor_floats(&without) + frame * frame_size;
        for (int64_t i = 0; i < frame_size; i++) a[i] = b[i] + weight * (a[i] - b[i]);
    }
}

/* latents [frames, channels, h, w] by velocity [frames, h, w, channels]. */
static void advance(i2v_run *run, const i2v_sizes *sizes, i2v_tensor velocity, const i2v_step *step, float *latents) {
    if (!i2v_run_computes(run)) return;
    int channels = sizes->latent_channels, animatelcm = step->scheduler == I2V_SCHEDULER_ANIMATELCM;
    int64_t pixels = (int64_t)sizes->latent_height * sizes->latent_width;
    for (int64_t frame = 0; frame < sizes->num_frames; frame++) {
        for (int c = 0; c < channels; c++) {
            int64_t first = (frame * channels + c) * pixels;
            float *line = latents + first;
            const float *noise = step->noise ? step->noise + first : NULL;
            const float *v = i2v_tensor_floats(&velocity) + frame * pixels * channels + c;
            for (int64_t i = 0; i < pixels; i++) {
                line[i] = animatelcm ? i2v_animatelcm_step(line[i], v[i * channels], step->sigma, step->next,
                                                           noise ? noise[i] : 0)
                                     : i2v_euler_step(line[i], v[i * channels], step->sigma, step->next);
            }
        }
    }
}

i2v_status i2v_denoiser_begin(i2v_denoiser *denoiser, i2v_run *run, const i2v_unet *unet, const i2v_sizes *sizes,
                              const i2v_condition *condition) {
    *denoiser = (i2v_denoiser){.run = run, .unet = unet, .sizes = sizes, .condition = condition};
    i2v_tensor context = i2v_tensor_new_f32(run, 1, 1, 1, unet->config.cross_attention_dim), none = {0};
    if (i2v_run_computes(run)) memcpy(context.data, condition->embedding, i2v_tensor_bytes(&context));
    denoiser->positions = i2v_unet_positions(run, unet, sizes->num_frames);
    denoiser->with = i2v_unet_cross_attention(run, unet, context);
    if (sizes->guidance) denoiser->without = i2v_unet_cross_attention(run, unet, none);
    i2v_tensor_free(run, &context);
    return run->status;
}

void i2v_denoiser_end(i2v_denoiser *denoiser) {
    i2v_unet_tensors_free(denoiser->run, &denoiser->without);
    i2v_unet_tensors_free(denoiser->run, &denoiser->with);
    i2v_unet_tensors_free(denoiser->run, &denoiser->positions);
    *denoiser = (i2v_denoiser){0};
}

i2v_status i2v_denoise_step(const i2v_denoiser *denoiser, const i2v_step *step, float *latents) {
    i2v_run *run = denoiser->run;
    const i2v_sizes *sizes = denoiser->sizes;
    const i2v_condition *condition = denoiser->condition;
    int h = sizes->latent_height, w = sizes->latent_width;
    i2v_unet_tensors time = i2v_unet_time(run, denoiser->unet, step->timestep, condition->time_ids);
    i2v_tensor with = i2v_tensor_new_f32(run, sizes->num_frames, h, w, sizes->latent_channels);
    predict(denoiser, 1, &time, step->sigma, latents, with);
    if (sizes->guidance) {
        i2v_tensor without = i2v_tensor_new_f32(run, sizes->num_frames, h, w, sizes->latent_channels);
        predict(denoiser, 0, &time, step->sigma, latents, without);
        guide(run, condition, with, without);
        i2v_tensor_free(run, &without);
    }
    advance(run, sizes, with, step, latents);
    i2v_tensor_free(run, &with);
    i2v_unet_tensors_free(run, &time);
    return run->status;
}

/* Tells of step `step`, and looks at the latents before the callback sees them and after: it may have changed them. */
static i2v_status tell_step(i2v_call *call, int step, int steps, float *latents, size_t count) {
    char what[64];
    i2v_status status = i2v_check_computed(call->engine, I2V_PART_UNET, latents, count,
                                           "the UNet's output in step %d of %d", step, steps);
    if (!status) status = i2v_call_step(call, step, latents, count);
    if (status) return status;
    snprintf(what, sizeof what, "latents after the callback of step %d of %d", step, steps);
    return i2v_check_given(call->engine, latents, count, what);
}

i2v_status i2v_denoise(i2v_call *call, const i2v_denoiser *denoiser, const i2v_schedule *schedule,
                       const float *step_noise, int video, float *latents) {
    size_t count = i2v_sizes_latents(denoiser->sizes), draw = count * (size_t)denoiser->sizes->num_videos;
    i2v_status status = i2v_call_begin_phase(call, I2V_PHASE_DENOISE, I2V_STAGE_UNET, video, schedule->steps);
    for (int i = 0; !status && i < schedule->steps; i++) {
        i2v_step step = {.scheduler = schedule->scheduler,
                         .timestep = schedule->timesteps[i],
                         .sigma = schedule->sigmas[i],
                         .next = schedule->sigmas[i + 1],
                         .noise = step_noise ? step_noise + (size_t)i * draw : NULL};
        i2v_call_begin_pass(call, denoiser->run, 1);
        status = i2v_denoise_step(denoiser, &step, latents);
        call->event.timestep = step.timestep;
        if (!status) status = tell_step(call, i + 1, schedule->steps, latents, count);
    }
    return status;
}
