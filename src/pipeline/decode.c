/* Latents to frames, chunk by chunk. */
#include "pipeline/decode.h"

#include "pipeline/checkpoint.h"
#include "pipeline/decode_tiny.h"
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

/* One of a stage's decoders on some frames, as i2v_decode_chunk; memory: a tiny one's, which is of the frames before.
 */
static i2v_status decode_some(i2v_stage *stage, i2v_tiny_memory *memory, const i2v_sizes *sizes, int count,
                              const float *latents, int skipped, float *out) {
    i2v_run *run = &stage->run;
    if (!stage->is_tiny) return i2v_decode_chunk(run, stage->model.decoder, sizes, count, latents, skipped, out);
    return i2v_decode_tiny(run, stage->model.tiny, memory, sizes, count, latents, skipped, out);
}

static void memory_begin(i2v_stage *stage, i2v_tiny_memory *memory, const i2v_sizes *sizes) {
    *memory = (i2v_tiny_memory){0};
    if (stage->is_tiny)
        i2v_tiny_memory_begin(&stage->run, memory, stage->model.tiny, sizes->latent_height, sizes->latent_width);
}

i2v_status i2v_decode_pass(i2v_stage *stage, const i2v_sizes *sizes, const float *latents, float *out) {
    i2v_tiny_memory memory;
    memory_begin(stage, &memory, sizes);
    i2v_status status = decode_some(stage, &memory, sizes, sizes->decode_chunk_size, latents, 0, out);
    i2v_tiny_memory_end(&stage->run, &memory);
    return status;
}

/* How many of the frames first..end - 1 the chunk at the first of them holds. */
static int chunk_at(const i2v_sizes *sizes, int first, int end) {
    int left = end - first;
    return left < sizes->decode_chunk_size ? left : sizes->decode_chunk_size;
}

/* Brings the memory of a tiny decoder to the frame number `done`, by decoding those that have a part in it. */
static i2v_status remember(i2v_stage *stage, i2v_tiny_memory *memory, const i2v_sizes *sizes, int done,
                           const float *latents) {
    size_t latent_size = i2v_sizes_frame_latents(sizes);
    int reach = memory->count ? i2v_tiny_decoder_reach(&stage->model.tiny->config) : 0;
    i2v_status status = stage->run.status;
    for (int first = done > reach ? done - reach : 0; !status && reach && first < done;) {
        int count = chunk_at(sizes, first, done);
        status = decode_some(stage, memory, sizes, count, latents + (size_t)first * latent_size, count, NULL);
        first += count;
    }
    return status;
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

/* The frames from `first` on that are one chunk: decoded, checked and told. */
static i2v_status decode_next(i2v_call *call, i2v_stage *stage, i2v_tiny_memory *memory, const i2v_sizes *sizes,
                              const float *latents, int first, int skipped, float *out) {
    size_t latent_size = i2v_sizes_frame_latents(sizes);
    size_t frame_size = i2v_sizes_frame(sizes);
    int count = chunk_at(sizes, first, sizes->num_frames);
    float *frames = out + (size_t)first * frame_size, *written = frames + (size_t)skipped * frame_size;
    size_t values = (size_t)(count - skipped) * frame_size;
    i2v_call_begin_pass(call, &stage->run, count);
    i2v_status status =
        decode_some(stage, memory, sizes, count, latents + (size_t)first * latent_size, skipped, frames);
    if (!status) {
        const i2v_model *model = call->engine->model;
        status = i2v_check_computed(call->engine, i2v_model_part(model, I2V_STAGE_DECODER), written, values,
                                    "the %s's output, frames %d to %d of %d,", i2v_stage_name(model, I2V_STAGE_DECODER),
                                    first + 1, first + count, sizes->num_frames);
    }
    if (!status) clamp(written, values);
    return status ? status : i2v_call_step(call, first + count, NULL, 0);
}

i2v_status i2v_decode_latents(i2v_call *call, i2v_stage *stage, const i2v_sizes *sizes, int video, const float *latents,
                              int skipped, float *out) {
    int done = i2v_checkpoint_frames(call->checkpoint, call->clip, video);
    if (done == sizes->num_frames) return I2V_OK;
    i2v_status status = i2v_call_go_on_phase(call, I2V_PHASE_DECODE, I2V_STAGE_DECODER, video, done, sizes->num_frames);
    i2v_tiny_memory memory;
    memory_begin(stage, &memory, sizes);
    if (!status) status = remember(stage, &memory, sizes, done, latents);
    for (int first = done, end; !status && first < sizes->num_frames; first = end) {
        end = first + chunk_at(sizes, first, sizes->num_frames);
        status = decode_next(call, stage, &memory, sizes, latents, first, first == 0 ? skipped : 0, out);
        if (!status) i2v_checkpoint_write_at(call, (i2v_position){call->clip, video, 1, end});
    }
    i2v_tiny_memory_end(&stage->run, &memory);
    return status;
}
