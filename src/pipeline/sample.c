/* One clip: picture, conditioning, denoising, frames. */
#include "pipeline/sample.h"

#include "media/media.h"
#include "pipeline/checkpoint.h"
#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"

#include <stdlib.h>
#include <string.h>

/* The picture's share of the condition. */
typedef struct {
    float *embedding, *latent;
} image_condition;

static i2v_status condition_on_image(i2v_call *call, const i2v_request *request, const i2v_plan *plan,
                                     const i2v_image *source, const float *augmentation, i2v_preview *preview,
                                     image_condition *out) {
    i2v_error *error = &call->engine->error;
    int width = request->sizes.width, height = request->sizes.height;
    i2v_fit fit = request->fit;
    i2v_image *fitted = NULL;
    i2v_status status = fit == I2V_FIT_COMFYUI /* never rounded to 8 bits: resized where the VAE's pixels are made */
                            ? i2v_resize_check(source->width, source->height, width, height, error)
                            : i2v_image_resize(&fitted, source, width, height, fit, error);
    const i2v_image *seen = i2v_fit_needs_original(fit) ? source : fitted;
    if (!status) status = i2v_embed_image(call, &plan->stages[I2V_STAGE_CLIP], seen, request, out->embedding);
    if (!status) {
        status = i2v_encode_image(call, &plan->stages[I2V_STAGE_ENCODER], fitted ? fitted : source, request,
                                  augmentation, preview, out->latent);
    }
    i2v_image_free(fitted);
    return status;
}

/* Noise to the highest level of the schedule. */
static void scale_noise(float *latents, size_t count, float scale) {
    for (size_t i = 0; i < count; i++) latents[i] *= scale;
}

/* The last of the clip's videos, of which all was done before the call, or all steps were, if that holds for any. */
static int last_video(const i2v_call *call, const i2v_sizes *sizes) {
    return call->first_video + sizes->num_videos - 1;
}

static int is_denoised(const i2v_call *call, const i2v_sizes *sizes) {
    return i2v_checkpoint_steps(call->checkpoint, call->clip, last_video(call, sizes)) == sizes->steps;
}

/* memory: what is remembered from one evaluation to the next. */
static i2v_status denoise_videos(i2v_call *call, const i2v_sizes *sizes, const i2v_stage_plan *plan,
                                 const i2v_schedule *schedule, const i2v_condition *condition, const float *step_noise,
                                 i2v_preview *preview, const i2v_latents_place *latents, float *memory) {
    size_t count = i2v_sizes_latents(sizes);
    i2v_stage stage;
    i2v_denoiser denoiser = {0};
    i2v_status status = i2v_stage_begin(&stage, I2V_STAGE_UNET, call->engine, sizes, call, plan);
    if (!status) status = i2v_denoiser_begin(&denoiser, &stage.run, stage.model.unet, sizes, condition);
    denoiser.preview = preview;
    for (int i = 0; !status && i < sizes->num_videos; i++) {
        const float *noise = step_noise ? step_noise + (size_t)i * count : NULL;
        status =
            i2v_denoise(call, &denoiser, schedule, noise, call->first_video + i, i2v_latents_of(latents, i), memory);
    }
    i2v_denoiser_end(&denoiser);
    i2v_stage_end(&stage);
    return status;
}

static i2v_status denoise_all(i2v_call *call, const i2v_request *request, const i2v_plan *plan,
                              const i2v_schedule *schedule, const image_condition *image, const float *step_noise,
                              i2v_preview *preview, const i2v_latents_place *latents) {
    const i2v_sizes *sizes = &request->sizes;
    i2v_error *error = &call->engine->error;
    i2v_condition condition = {.embedding = image->embedding,
                               .latent = image->latent,
                               .min_guidance_scale = request->min_guidance_scale,
                               .max_guidance_scale = request->max_guidance_scale,
                               .guidance_shape = request->guidance_shape};
    memcpy(condition.time_ids, request->time_ids, sizeof condition.time_ids);
    size_t count = i2v_sizes_latents(sizes), remembered = i2v_sizes_memory(sizes);
    for (int i = 0; i < sizes->num_videos; i++) scale_noise(i2v_latents_of(latents, i), count, schedule->initial);
    float *memory = remembered ? calloc(remembered, sizeof *memory) : NULL;
    if (remembered && !memory)
        return i2v_fail_memory(error, "what is remembered between steps", remembered * sizeof *memory);
    i2v_status status = i2v_checkpoint_take_latents(call->checkpoint, memory, error);
    if (!status && !is_denoised(call, sizes)) {
        status = denoise_videos(call, sizes, &plan->stages[I2V_STAGE_UNET], schedule, &condition, step_noise, preview,
                                latents, memory);
    }
    i2v_checkpoint_forget(call->checkpoint);
    free(memory);
    return status;
}

/* What a caller's own source of random numbers gave. */
static i2v_status note_noise(i2v_call *call, const i2v_sizes *sizes, const float *augmentation,
                             const i2v_latents_place *latents, const float *step_noise) {
    i2v_error *error = &call->engine->error;
    i2v_status status = I2V_OK;
    if (augmentation) status = i2v_checkpoint_add_noise(call->checkpoint, augmentation, i2v_sizes_frame(sizes), error);
    for (int i = 0; !status && i < sizes->num_videos; i++)
        status =
            i2v_checkpoint_add_noise(call->checkpoint, i2v_latents_of(latents, i), i2v_sizes_latents(sizes), error);
    if (!status && step_noise)
        status = i2v_checkpoint_add_noise(call->checkpoint, step_noise, i2v_sizes_step_noise(sizes), error);
    return status ? status : i2v_checkpoint_check_noise(call->checkpoint, call->clip, call->first_video, error);
}

static i2v_status decode_all(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan,
                             const i2v_clip_place *place) {
    i2v_stage stage;
    i2v_status status =
        i2v_stage_begin(&stage, I2V_STAGE_DECODER, call->engine, sizes, call, &plan->stages[I2V_STAGE_DECODER]);
    for (int i = 0; !status && i < sizes->num_videos; i++) {
        status = i2v_decode_latents(call, &stage, sizes, call->first_video + i, i2v_latents_of(&place->latents, i),
                                    place->has_first, place->frames + (size_t)i * place->frames_stride);
    }
    i2v_stage_end(&stage);
    return status;
}

i2v_status i2v_sample(i2v_call *call, const i2v_image *image, const i2v_request *request, const i2v_plan *plan,
                      const i2v_clip_place *place) {
    i2v_engine *engine = call->engine;
    const i2v_sizes *sizes = &request->sizes;
    /* done before the call: nothing is left to do but to take from a caller's source what comes before the rest */
    int is_past = i2v_checkpoint_is_past(call->checkpoint, call->clip, last_video(call, sizes));
    if (is_past && !request->random) return I2V_OK;
    i2v_schedule schedule = {0};
    i2v_preview preview = {0};
    size_t pixels = i2v_sizes_frame(sizes), latent = i2v_sizes_frame_latents(sizes);
    int augments = request->augments;
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
    if (!status) status = i2v_preview_begin(&preview, sizes, &engine->error);
    if (!status) status = i2v_schedule_make(&schedule, &engine->model->scheduler, &request->schedule, &engine->error);
    if (!status) status = i2v_draw_noise(engine, request, augmentation, &place->latents, step_noise);
    if (!status && request->random) status = note_noise(call, sizes, augmentation, &place->latents, step_noise);
    if (!status && !is_denoised(call, sizes))
        status = condition_on_image(call, request, plan, image, augmentation, &preview, &condition);
    if (!status && !is_past)
        status = denoise_all(call, request, plan, &schedule, &condition, step_noise, &preview, &place->latents);
    i2v_preview_end(&preview);
    free(step_noise);
    if (!status && !is_past && !sizes->latents_only) status = decode_all(call, sizes, plan, place);
    i2v_schedule_free(&schedule);
    free(condition.embedding);
    free(condition.latent);
    free(augmentation);
    return status;
}
