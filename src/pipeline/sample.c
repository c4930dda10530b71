#include "pipeline/sample.h"

#include "media/media.h"
#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/noise.h"

#include <stdlib.h>

/* The picture's share of the condition. */
typedef struct {
    float *embedding, *latent;
} image_condition;

static i2v_status condition_on_image(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan,
                                     const i2v_params *params, const i2v_image *source, const float *augmentation,
                                     image_condition *out) {
    i2v_error *error = &call->engine->error;
    int width = sizes->width, height = sizes->height;
    i2v_fit fit = params->fit;
    i2v_image *fitted = NULL;
    i2v_status status = fit == I2V_FIT_COMFYUI /* never rounded to 8 bits: resized where the VAE's pixels are made */
                            ? i2v_resize_check(source->width, source->height, width, height, error)
                            : i2v_image_resize(&fitted, source, width, height, fit, error);
    const i2v_image *seen = i2v_fit_needs_original(fit) ? source : fitted;
    if (!status) status = i2v_embed_image(call, &plan->stages[I2V_STAGE_CLIP], seen, params, out->embedding);
    if (!status) {
        status = i2v_encode_image(call, &plan->stages[I2V_STAGE_ENCODER], sizes, fitted ? fitted : source, params,
                                  augmentation, out->latent);
    }
    i2v_image_free(fitted);
    return status;
}

static i2v_status denoise_all(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan, const i2v_params *params,
                              const i2v_schedule *schedule, const image_condition *image, const float *step_noise,
                              float *latents) {
    i2v_condition condition = {
        .embedding = image->embedding,
        .latent = image->latent,
        .time_ids = {(float)(params->fps - 1), (float)params->motion_bucket_id, (float)params->noise_aug_strength},
        .min_guidance_scale = params->min_guidance_scale,
        .max_guidance_scale = params->max_guidance_scale,
        .guidance_shape = params->guidance_shape};
    size_t count = i2v_sizes_latents(sizes);
    for (size_t i = 0; i < count * (size_t)sizes->num_videos; i++) latents[i] *= schedule->initial;
    i2v_stage stage;
    i2v_denoiser denoiser = {0};
    i2v_status status =
        i2v_stage_begin(&stage, I2V_STAGE_UNET, call->engine, sizes, call, &plan->stages[I2V_STAGE_UNET]);
    if (!status) status = i2v_denoiser_begin(&denoiser, &stage.run, stage.model.unet, sizes, &condition);
    for (int i = 0; !status && i < sizes->num_videos; i++) {
        const float *noise = step_noise ? step_noise + (size_t)i * count : NULL;
        status = i2v_denoise(call, &denoiser, schedule, noise, call->first_video + i, latents + (size_t)i * count);
    }
    i2v_denoiser_end(&denoiser);
    i2v_stage_end(&stage);
    return status;
}

static i2v_status decode_all(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan,
                             const i2v_clip_place *place) {
    i2v_stage stage;
    i2v_status status =
        i2v_stage_begin(&stage, I2V_STAGE_DECODER, call->engine, sizes, call, &plan->stages[I2V_STAGE_DECODER]);
    for (int i = 0; !status && i < sizes->num_videos; i++) {
        status = i2v_decode_latents(call, &stage, sizes, call->first_video + i,
                                    place->latents + (size_t)i * i2v_sizes_latents(sizes),
                                    place->frames + (size_t)i * place->stride);
    }
    i2v_stage_end(&stage);
    return status;
}

i2v_status i2v_sample(i2v_call *call, const i2v_image *image, const i2v_params *params, const i2v_sizes *sizes,
                      const i2v_plan *plan, const i2v_clip_place *place) {
    i2v_engine *engine = call->engine;
    i2v_schedule schedule = {0};
    i2v_schedule_request request = i2v_sizes_request(sizes, params);
    size_t pixels = (size_t)3 * (size_t)sizes->width * (size_t)sizes->height;
    size_t latent = i2v_sizes_latents(sizes) / (size_t)sizes->num_frames;
    int augments = i2v_noise_augments(params);
    float *augmentation = augments ? malloc(pixels * sizeof *augmentation) : NULL;
    float *step_noise = sizes->noise_draws ? malloc(i2v_sizes_step_noise(sizes) * sizeof *step_noise) : NULL;
    image_condition condition = {.embedding = malloc((size_t)engine->model->clip.projection_dim * sizeof(float)),
                                 .latent = malloc(latent * sizeof(float))};
    i2v_status status = I2V_OK;
    if ((augments && !augmentation) || !condition.embedding || !condition.latent ||
        (sizes->noise_draws && !step_noise)) {
        status = i2v_fail_memory(&engine->error, "the picture and the steps' noise",
                                 (pixels + i2v_sizes_step_noise(sizes)) * sizeof(float));
    }
    if (!status) status = i2v_schedule_make(&schedule, &engine->model->scheduler, &request, &engine->error);
    if (!status) status = i2v_draw_noise(engine, sizes, params, augmentation, place->latents, step_noise);
    if (!status) status = condition_on_image(call, sizes, plan, params, image, augmentation, &condition);
    if (!status) status = denoise_all(call, sizes, plan, params, &schedule, &condition, step_noise, place->latents);
    free(step_noise);
    if (!status && !sizes->latents_only) status = decode_all(call, sizes, plan, place);
    i2v_schedule_free(&schedule);
    free(condition.embedding);
    free(condition.latent);
    free(augmentation);
    return status;
}
