/* A whole run: picture -> conditioning -> denoising -> frames. */
#include "pipeline/conditioning.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/noise.h"
#include "pipeline/plan.h"

#include <stdlib.h>

void i2v_params_default(i2v_params *params) {
    *params = (i2v_params){.fit = I2V_FIT_CROP,
                           .num_videos = 1,
                           .num_inference_steps = 25,
                           .min_guidance_scale = 1,
                           .max_guidance_scale = 3,
                           .fps = 7,
                           .motion_bucket_id = 127,
                           .noise_aug_strength = 0.02,
                           .rng = I2V_RNG_NUMPY,
                           .video_index = -1};
}

void i2v_video_free(i2v_video *video) {
    if (!video) return;
    free(video->frames);
    free(video->latents);
    free(video);
}

static i2v_video *video_new(const i2v_sizes *sizes, int fps, i2v_error *error) {
    size_t videos = (size_t)sizes->num_videos;
    i2v_video *video = calloc(1, sizeof *video);
    if (video) {
        *video = (i2v_video){.num_videos = sizes->num_videos,
                             .num_frames = sizes->num_frames,
                             .height = sizes->height,
                             .width = sizes->width,
                             .latent_channels = sizes->latent_channels,
                             .latent_height = sizes->latent_height,
                             .latent_width = sizes->latent_width,
                             .fps = fps};
        video->frames = malloc(videos * i2v_sizes_pixels(sizes) * sizeof(float));
        video->latents = malloc(videos * i2v_sizes_latents(sizes) * sizeof(float));
        if (video->frames && video->latents) return video;
    }
    i2v_video_free(video);
    i2v_fail_memory(error, "the video's frames", videos * i2v_sizes_pixels(sizes) * sizeof(float));
    return NULL;
}

/* The picture's share of the condition. */
typedef struct {
    float *embedding, *latent;
} image_condition;

static i2v_status condition_on_image(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan,
                                     const i2v_params *params, const i2v_image *source, const float *augmentation,
                                     image_condition *out) {
    i2v_error *error = &call->engine->error;
    i2v_image *image = NULL;
    i2v_status status = i2v_image_resize(&image, source, sizes->width, sizes->height, params->fit, error);
    if (!status) status = i2v_embed_image(call, &plan->stages[I2V_STAGE_CLIP], image, out->embedding);
    if (!status) {
        status = i2v_encode_image(call, &plan->stages[I2V_STAGE_ENCODER], sizes, image, augmentation,
                                  params->noise_aug_strength, out->latent);
    }
    i2v_image_free(image);
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
        status = i2v_denoise(call, &denoiser, schedule, step_noise, i, latents + (size_t)i * count);
    }
    i2v_denoiser_end(&denoiser);
    i2v_stage_end(&stage);
    return status;
}

static i2v_status decode_all(i2v_call *call, const i2v_sizes *sizes, const i2v_plan *plan, i2v_video *video) {
    i2v_stage stage;
    i2v_status status =
        i2v_stage_begin(&stage, I2V_STAGE_DECODER, call->engine, sizes, call, &plan->stages[I2V_STAGE_DECODER]);
    for (int i = 0; !status && i < sizes->num_videos; i++) {
        status = i2v_decode_latents(call, &stage, sizes, i, video->latents + (size_t)i * i2v_sizes_latents(sizes),
                                    video->frames + (size_t)i * i2v_sizes_pixels(sizes));
    }
    i2v_stage_end(&stage);
    return status;
}

static i2v_status generate(i2v_call *call, const i2v_image *image, const i2v_params *params, const i2v_sizes *sizes,
                           const i2v_plan *plan, i2v_video *video) {
    i2v_engine *engine = call->engine;
    i2v_schedule schedule = {0};
    i2v_schedule_request request = i2v_sizes_request(sizes, params);
    size_t pixels = (size_t)3 * (size_t)sizes->width * (size_t)sizes->height;
    size_t latent = i2v_sizes_latents(sizes) / (size_t)sizes->num_frames;
    float *augmentation = malloc(pixels * sizeof *augmentation);
    float *step_noise = sizes->noise_draws ? malloc(i2v_sizes_step_noise(sizes) * sizeof *step_noise) : NULL;
    image_condition condition = {.embedding = malloc((size_t)engine->clip.projection_dim * sizeof(float)),
                                 .latent = malloc(latent * sizeof(float))};
    i2v_status status = I2V_OK;
    if (!augmentation || !condition.embedding || !condition.latent || (sizes->noise_draws && !step_noise)) {
        status = i2v_fail_memory(&engine->error, "the picture and the steps' noise",
                                 (pixels + i2v_sizes_step_noise(sizes)) * sizeof(float));
    }
    if (!status) status = i2v_schedule_make(&schedule, &engine->scheduler, &request, &engine->error);
    if (!status) status = i2v_draw_noise(engine, sizes, params, augmentation, video->latents, step_noise);
    if (!status) status = condition_on_image(call, sizes, plan, params, image, augmentation, &condition);
    if (!status) status = denoise_all(call, sizes, plan, params, &schedule, &condition, step_noise, video->latents);
    free(step_noise);
    if (!status) status = decode_all(call, sizes, plan, video);
    i2v_schedule_free(&schedule);
    free(condition.embedding);
    free(condition.latent);
    free(augmentation);
    return status;
}

/* Ends a call: the result is the caller's only if all went well, and a cancel does not reach into the next call. */
static i2v_status finish(i2v_engine *engine, i2v_status status, i2v_video *made, i2v_video **video) {
    atomic_store(&engine->cancel, 0);
    if (status) {
        i2v_video_free(made);
    } else {
        *video = made;
    }
    return status;
}

i2v_status i2v_generate(i2v_engine *engine, const i2v_image *image, const i2v_params *params, i2v_video **video) {
    i2v_sizes sizes;
    i2v_plan plan;
    i2v_video *made = NULL;
    *video = NULL;
    engine->error = (i2v_error){0};
    i2v_status status = i2v_engine_check_opened(engine);
    if (!status) status = i2v_sizes_of_params(&sizes, engine, params);
    if (!status) status = i2v_plan_make(&plan, engine, &sizes, I2V_STAGE_CLIP);
    if (!status) {
        made = video_new(&sizes, params->fps, &engine->error);
        if (!made) status = I2V_ERROR_MEMORY;
    }
    if (!status) {
        i2v_call call = {
            .engine = engine, .on_event = params->on_event, .user = params->user, .num_videos = sizes.num_videos};
        status = generate(&call, image, params, &sizes, &plan, made);
    }
    return finish(engine, status, made, video);
}

i2v_status i2v_decode(i2v_engine *engine, const float *latents, int num_frames, int latent_height, int latent_width,
                      const i2v_params *params, i2v_video **video) {
    i2v_sizes sizes;
    i2v_plan plan;
    i2v_video *made = NULL;
    *video = NULL;
    engine->error = (i2v_error){0};
    i2v_status status = i2v_engine_check_opened(engine);
    if (!status) {
        status = i2v_sizes_of_latents(&sizes, engine, params, num_frames, latent_height, latent_width);
    }
    if (!status) status = i2v_check_finite(engine, latents, i2v_sizes_latents(&sizes), "latents");
    if (!status) status = i2v_plan_make(&plan, engine, &sizes, I2V_STAGE_DECODER);
    if (!status) {
        made = video_new(&sizes, params->fps, &engine->error);
        if (!made) status = I2V_ERROR_MEMORY;
    }
    if (!status) {
        i2v_call call = {.engine = engine, .on_event = params->on_event, .user = params->user, .num_videos = 1};
        for (size_t i = 0; i < i2v_sizes_latents(&sizes); i++) made->latents[i] = latents[i];
        status = decode_all(&call, &sizes, &plan, made);
    }
    return finish(engine, status, made, video);
}
