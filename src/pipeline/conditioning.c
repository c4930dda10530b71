#include "pipeline/conditioning.h"

#include "pipeline/clip_pixels.h"
#include "pipeline/not_finite.h"

#include <stdlib.h>
#include <string.h>

/* Copies when the run computes; a dry run has nothing to copy. */
static void copy(i2v_run *run, float *out, const float *in, int64_t count) {
    if (i2v_run_computes(run)) memcpy(out, in, (size_t)count * sizeof *out);
}

i2v_status i2v_embed_pixels(i2v_run *run, const i2v_clip *clip, const float *pixels, float *out) {
    i2v_tensor input = i2v_tensor_new_f32(run, 1, I2V_CLIP_SIDE, I2V_CLIP_SIDE, 3);
    i2v_tensor vector = i2v_tensor_new_f32(run, 1, 1, 1, clip->config.projection_dim);
    copy(run, input.data, pixels, i2v_tensor_count(&input));
    i2v_clip_forward(run, clip, vector, input);
    copy(run, out, vector.data, i2v_tensor_count(&vector));
    i2v_tensor_free(run, &vector);
    i2v_tensor_free(run, &input);
    return run->status;
}

i2v_status i2v_encode_pixels(i2v_run *run, const i2v_vae_encoder *encoder, const i2v_sizes *sizes, const float *pixels,
                             float *out) {
    i2v_tensor input = i2v_tensor_new_f32(run, 1, sizes->height, sizes->width, 3);
    i2v_tensor latent = i2v_tensor_new_f32(run, 1, sizes->latent_height, sizes->latent_width, sizes->latent_channels);
    copy(run, input.data, pixels, i2v_tensor_count(&input));
    i2v_vae_encode(run, encoder, latent, input);
    copy(run, out, latent.data, i2v_tensor_count(&latent));
    i2v_tensor_free(run, &latent);
    i2v_tensor_free(run, &input);
    return run->status;
}

i2v_status i2v_embed_image(i2v_call *call, const i2v_stage_plan *plan, const i2v_image *image, float *out) {
    i2v_engine *engine = call->engine;
    size_t count = (size_t)3 * I2V_CLIP_SIDE * I2V_CLIP_SIDE;
    i2v_stage stage = {0};
    float *pixels = malloc(count * sizeof *pixels);
    i2v_status status = pixels ? I2V_OK : i2v_fail_memory(&engine->error, "the picture", count * sizeof *pixels);
    if (!status) status = i2v_clip_pixels(pixels, image, &engine->normalization, &engine->error);
    if (!status) status = i2v_stage_begin(&stage, I2V_STAGE_CLIP, engine, NULL, call, plan);
    if (!status) status = i2v_call_begin_phase(call, I2V_PHASE_ENCODE, call->first_video, 2);
    if (!status) status = i2v_embed_pixels(&stage.run, stage.model.clip, pixels, out);
    if (!status) {
        size_t values = (size_t)engine->clip.projection_dim;
        status = i2v_check_computed(engine, I2V_PART_IMAGE_ENCODER, out, values, "the image encoder's (CLIP's) output");
    }
    if (!status) status = i2v_call_step(call, 1, NULL, 0);
    i2v_stage_end(&stage);
    free(pixels);
    return status;
}

/* diffusers' preprocess (to -1..1), then the augmentation noise, which is drawn as [3, height, width]. */
static void add_noise(float *out, const i2v_image *image, const float *noise, float strength) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < 3; c++) {
            float value = 2.0f * ((float)image->pixels[3 * i + c] / 255.0f) - 1.0f;
            out[3 * i + c] = value + strength * noise[c * pixels + i];
        }
    }
}

i2v_status i2v_encode_image(i2v_call *call, const i2v_stage_plan *plan, const i2v_sizes *sizes, const i2v_image *image,
                            const float *noise, double strength, float *out) {
    i2v_engine *engine = call->engine;
    size_t count = (size_t)image->width * (size_t)image->height * 3;
    i2v_stage stage = {0};
    float *pixels = malloc(count * sizeof *pixels);
    i2v_status status = pixels ? I2V_OK : i2v_fail_memory(&engine->error, "the picture", count * sizeof *pixels);
    if (!status) {
        add_noise(pixels, image, noise, (float)strength);
        status = i2v_stage_begin(&stage, I2V_STAGE_ENCODER, engine, NULL, call, plan);
    }
    if (!status) status = i2v_call_begin_phase(call, I2V_PHASE_ENCODE, call->first_video, 2);
    if (!status) status = i2v_encode_pixels(&stage.run, stage.model.encoder, sizes, pixels, out);
    if (!status) {
        size_t values = i2v_sizes_latents(sizes) / (size_t)sizes->num_frames;
        status = i2v_check_computed(engine, I2V_PART_VAE, out, values, "the VAE encoder's output");
    }
    if (!status) status = i2v_call_step(call, 2, NULL, 0);
    i2v_stage_end(&stage);
    free(pixels);
    return status;
}
