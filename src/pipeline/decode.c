/* Latents to frames, chunk by chunk. */
#include "pipeline/decode.h"

#include "pipeline/checkpoint.h"
#include "pipeline/not_finite.h"
#include "tensor/values.h"

#include <math.h>

static void fill_latents(i2v_run *run, i2v_tensor z, double scaling_factor, const float *latents) {
    int64_t pixels = (int64_t)z.height * z.width;
    float scale = (float)(1 / scaling_factor); /* diffusers multiplies by the reciprocal */
    i2v_walk walk = i2v_walk_to_write(run, z);
    for (float *out; (out = i2v_walk_next(&walk));) {
        int64_t frame = walk.row / pixels, i = walk.row % pixels;
        for (int c = 0; c < z.channels; c++) out[c] = scale * latents[(frame * z.channels + c) * pixels + i];
    }
    i2v_walk_end(&walk);
}

/* Not clamped yet, which would make a number of NaN. */
static void to_unit_range(i2v_run *run, float *out, i2v_tensor x) {
    i2v_tensor lines = i2v_tensor_view(&x, x.frames, x.height, 1, x.width * x.channels);
    i2v_walk walk = i2v_walk_to_read(run, lines);
    for (const float *line; (line = i2v_walk_next(&walk)); out += lines.channels) {
        for (int i = 0; i < lines.channels; i++) out[i] = line[i] / 2.0f + 0.5f;
    }
    i2v_walk_end(&walk);
}

static void clamp(float *values, size_t count) {
    for (size_t i = 0; i < count; i++) values[i] = fminf(fmaxf(values[i], 0.0f), 1.0f);
}

i2v_status i2v_decode_chunk(i2v_run *run, const i2v_vae_decoder *decoder, const i2v_sizes *sizes, int count,
                            const float *latents, int skipped, float *out) {
    i2v_tensor z = i2v_tensor_new_f32(run, count, sizes->latent_height, sizes->latent_width, sizes->latent_channels);
    i2v_tensor x = i2v_tensor_new_f32(run, count, sizes->height, sizes->width, 3);
    fill_latents(run, z, decoder->config.scaling_factor, latents);
    i2v_vae_decode(run, decoder, x, z);
    if (skipped < count) {
        i2v_tensor written = i2v_tensor_frames(&x, skipped, count - skipped);
        to_unit_range(run, skipped ? out + (size_t)skipped * i2v_sizes_frame(sizes) : out, written);
    }
    i2v_tensor_free(run, &x);
    i2v_tensor_free(run, &z);
    return run->status;
}

i2v_status i2v_decode_latents(i2v_call *call, i2v_stage *stage, const i2v_sizes *sizes, int video, const float *latents,
                              int skipped, float *out) {
    size_t latent_size = i2v_sizes_latents(sizes) / (size_t)sizes->num_frames;
    size_t frame_size = i2v_sizes_frame(sizes);
    i2v_engine *engine = call->engine;
    i2v_part part = i2v_model_part(engine->model, I2V_STAGE_DECODER);
    int done = i2v_checkpoint_frames(call->checkpoint, call->clip, video);
    if (done == sizes->num_frames) return I2V_OK;
    i2v_status status = i2v_call_go_on_phase(call, I2V_PHASE_DECODE, I2V_STAGE_DECODER, video, done, sizes->num_frames);
    for (int first = done; !status && first < sizes->num_frames; first += sizes->decode_chunk_size) {
        int left = sizes->num_frames - first;
        int count = left < sizes->decode_chunk_size ? left : sizes->decode_chunk_size;
        int left_out = first == 0 ? skipped : 0;
        float *frames = out + (size_t)first * frame_size, *written = frames + (size_t)left_out * frame_size;
        size_t values = (size_t)(count - left_out) * frame_size;
        i2v_call_begin_pass(call, &stage->run, count);
        status = i2v_decode_chunk(&stage->run, stage->model.decoder, sizes, count,
                                  latents + (size_t)first * latent_size, left_out, frames);
        if (!status) {
            status =
                i2v_check_computed(engine, part, written, values, "the VAE decoder's output, frames %d to %d of %d,",
                                   first + 1, first + count, sizes->num_frames);
        }
        if (!status) clamp(written, values);
        if (!status) status = i2v_call_step(call, first + count, NULL, 0);
        if (!status) i2v_checkpoint_write_at(call, (i2v_position){call->clip, video, 1, first + count});
    }
    return status;
}
