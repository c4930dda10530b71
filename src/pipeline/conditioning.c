/* What the UNet is told of the picture: CLIP's vector and the picture's latent. */
#include "pipeline/conditioning.h"

#include "media/media.h"
#include "pipeline/clip_pixels.h"
#include "pipeline/not_finite.h"
#include "tensor/values.h"

#include <stdlib.h>

i2v_status i2v_embed_pixels(i2v_run *run, const i2v_clip *clip, const float *pixels, float *out) {
    i2v_tensor input = i2v_tensor_new_f32(run, 1, I2V_CLIP_SIDE, I2V_CLIP_SIDE, 3);
    i2v_tensor vector = i2v_tensor_new_f32(run, 1, 1, 1, clip->config.projection_dim);
    i2v_tensor_write(run, input, pixels);
    i2v_clip_forward(run, clip, vector, input);
    i2v_tensor_read(run, vector, out);
    i2v_tensor_free(run, &vector);
    i2v_tensor_free(run, &input);
    return run->status;
}

i2v_status i2v_encode_pixels(i2v_run *run, const i2v_vae_encoder *encoder, const i2v_sizes *sizes, const float *pixels,
                             float *out) {
    i2v_tensor input = i2v_tensor_new_f32(run, 1, sizes->height, sizes->width, 3);
    i2v_tensor latent = i2v_tensor_new_f32(run, 1, sizes->latent_height, sizes->latent_width, sizes->latent_channels);
    i2v_tensor_write(run, input, pixels);
    i2v_vae_encode(run, encoder, latent, input);
    i2v_tensor_read(run, latent, out);
    i2v_tensor_free(run, &latent);
    i2v_tensor_free(run, &input);
    return run->status;
}

/* Planes [3, height, width] of count values each to pixels of three. */
static void interleave(float *out, const float *planes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) out[3 * i + c] = planes[c * count + i];
    }
}

static void normalize(float *pixels, size_t count, const i2v_normalization *normalization) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) {
            float *value = &pixels[3 * i + c];
            *value = (*value - (float)normalization->mean[c]) / (float)normalization->deviation[c];
        }
    }
}

/* What CLIP sees: the caller's own pixels, or the picture, as ComfyUI's CLIP sees it if fit says so. */
static i2v_status clip_input(float *out, const i2v_image *image, const i2v_request *request, i2v_engine *engine) {
    if (!request->clip_pixels) {
        return request->fit == I2V_FIT_COMFYUI
                   ? i2v_clip_pixels_comfyui(out, image, &engine->model->normalization, &engine->error)
                   : i2v_clip_pixels(out, image, &engine->model->normalization, &engine->error);
    }
    size_t count = (size_t)I2V_CLIP_SIDE * I2V_CLIP_SIDE;
    interleave(out, request->clip_pixels, count);
    normalize(out, count, &engine->model->normalization);
    return I2V_OK;
}

i2v_status i2v_embed_image(i2v_call *call, const i2v_stage_plan *plan, const i2v_image *image,
                           const i2v_request *request, float *out) {
    i2v_engine *engine = call->engine;
    size_t count = (size_t)3 * I2V_CLIP_SIDE * I2V_CLIP_SIDE;
    i2v_stage stage = {0};
    float *pixels = malloc(count * sizeof *pixels);
    i2v_status status = pixels ? I2V_OK : i2v_fail_memory(&engine->error, "the picture", count * sizeof *pixels);
    if (!status) status = clip_input(pixels, image, request, engine);
    if (!status) status = i2v_stage_begin(&stage, I2V_STAGE_CLIP, engine, NULL, call, plan);
    if (!status) status = i2v_call_begin_phase(call, I2V_PHASE_ENCODE, I2V_STAGE_CLIP, call->first_video, 2);
    if (!status) i2v_call_begin_pass(call, &stage.run, 1);
    if (!status) status = i2v_embed_pixels(&stage.run, stage.model.clip, pixels, out);
    if (!status) {
        size_t values = (size_t)engine->model->clip.projection_dim;
        status = i2v_check_computed(engine, I2V_PART_IMAGE_ENCODER, out, values, "the image encoder's (CLIP's) output");
    }
    if (!status) status = i2v_call_step(call, 1, NULL, 0);
    i2v_stage_end(&stage);
    free(pixels);
    return status;
}

/* What the VAE sees, in 0..1 and at the video's size: the caller's own pixels, or the picture. */
static void vae_input(float *out, const i2v_image *image, const i2v_request *request) {
    const i2v_sizes *sizes = &request->sizes;
    if (request->vae_pixels) {
        interleave(out, request->vae_pixels, i2v_sizes_frame(sizes) / 3);
        return;
    }
    if (request->fit != I2V_FIT_COMFYUI) {
        for (size_t i = 0; i < i2v_sizes_frame(sizes); i++) out[i] = (float)image->pixels[i] / 255.0f;
        return;
    }
    for (int y = 0; y < sizes->height; y++) {
        i2v_resize_bilinear_row(out + (size_t)y * (size_t)sizes->width * 3, image, sizes->width, sizes->height, y);
    }
}

/* To -1..1, with the augmentation noise, which is drawn as [3, height, width]: laid over the pixels after that in
 * diffusers, before it in ComfyUI. */
static void add_noise(float *pixels, const i2v_request *request, const float *noise) {
    size_t count = i2v_sizes_frame(&request->sizes) / 3;
    float strength = request->noise_aug_strength;
    int before = request->noise_aug == I2V_NOISE_AUG_COMFYUI;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++) {
            float *value = &pixels[3 * i + c], added = noise ? strength * noise[c * count + i] : 0;
            *value = before ? 2.0f * (*value + added) - 1.0f : 2.0f * *value - 1.0f + added;
        }
    }
}

i2v_status i2v_encode_image(i2v_call *call, const i2v_stage_plan *plan, const i2v_image *image,
                            const i2v_request *request, const float *noise, i2v_preview *preview, float *out) {
    i2v_engine *engine = call->engine;
    const i2v_sizes *sizes = &request->sizes;
    size_t count = i2v_sizes_frame(sizes);
    i2v_stage stage = {0};
    float *pixels = malloc(count * sizeof *pixels);
    i2v_status status = pixels ? I2V_OK : i2v_fail_memory(&engine->error, "the picture", count * sizeof *pixels);
    if (!status) {
        vae_input(pixels, image, request);
        add_noise(pixels, request, noise);
        status = i2v_stage_begin(&stage, I2V_STAGE_ENCODER, engine, NULL, call, plan);
    }
    if (!status) status = i2v_call_begin_phase(call, I2V_PHASE_ENCODE, I2V_STAGE_ENCODER, call->first_video, 2);
    if (!status) i2v_call_begin_pass(call, &stage.run, 1);
    if (!status) status = i2v_encode_pixels(&stage.run, stage.model.encoder, sizes, pixels, out);
    if (!status) {
        size_t values = i2v_sizes_frame_latents(sizes);
        status = i2v_check_computed(engine, I2V_PART_VAE, out, values, "the VAE encoder's output");
    }
    if (!status && preview) {
        status = i2v_preview_fit(preview, pixels, out, engine->model->vae.scaling_factor, &engine->error);
    }
    if (!status) status = i2v_call_step(call, 2, NULL, 0);
    i2v_stage_end(&stage);
    free(pixels);
    return status;
}
