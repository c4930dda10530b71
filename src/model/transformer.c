/* diffusers' TransformerSpatioTemporalModel: attention over pixels, then over frames. */
#include "model/transformer.h"

#include "model/config.h"
#include "tensor/stream.h"
#include "tensor/values.h"

#define LAYER_NORM_EPSILON 1e-5

/* ---- loading ---- */

static void load_feed_forward(i2v_loader *loader, i2v_feed_forward *ff, int channels, const char *norm,
                              const char *module) {
    i2v_load_norm(loader, &ff->norm, channels, 1, LAYER_NORM_EPSILON, norm);
    i2v_loader_enter(loader, "%s", module);
    i2v_load_geglu(loader, &ff->geglu, channels, 4 * channels, "net.0.proj");
    i2v_load_linear_int8(loader, &ff->output, 4 * channels, channels, 1, "net.2");
    i2v_loader_leave(loader);
}

static void load_block(i2v_loader *loader, i2v_transformer_block *block, int channels, int context_dim) {
    i2v_load_norm(loader, &block->attn1.norm, channels, 1, LAYER_NORM_EPSILON, "norm1");
    i2v_load_linear_int8(loader, &block->attn1.qkv, channels, channels, 0, "attn1.to_q");
    i2v_load_linear_int8(loader, &block->attn1.qkv, channels, channels, 0, "attn1.to_k");
    i2v_load_linear_int8(loader, &block->attn1.qkv, channels, channels, 0, "attn1.to_v");
    i2v_load_linear_int8(loader, &block->attn1.to_out, channels, channels, 1, "attn1.to_out.0");
    i2v_load_ignore(loader, "norm2");
    i2v_load_ignore(loader, "attn2.to_q");
    i2v_load_ignore(loader, "attn2.to_k");
    i2v_load_linear_f32(loader, &block->attn2.to_v, context_dim, channels, 0, "attn2.to_v");
    i2v_load_linear_f32(loader, &block->attn2.to_out, channels, channels, 1, "attn2.to_out.0");
    load_feed_forward(loader, &block->ff, channels, "norm3", "ff");
}

void i2v_transformer_load(i2v_loader *loader, i2v_transformer *transformer, const i2v_transformer_sizes *sizes) {
    int channels = sizes->channels;
    transformer->channels = channels;
    transformer->heads = sizes->heads;
    transformer->layers = sizes->layers;
    transformer->spatial = i2v_load_array(loader, (size_t)sizes->layers, sizeof *transformer->spatial);
    transformer->temporal = i2v_load_array(loader, (size_t)sizes->layers, sizeof *transformer->temporal);
    if (!transformer->spatial || !transformer->temporal) return;

    i2v_load_norm(loader, &transformer->norm, channels, I2V_NORM_GROUPS, 1e-6, "norm");
    i2v_load_linear(loader, &transformer->proj_in, channels, channels, 1, "proj_in");
    for (int i = 0; i < sizes->layers; i++) {
        i2v_loader_enter(loader, "transformer_blocks.%d", i);
        load_block(loader, &transformer->spatial[i], channels, sizes->context_dim);
        i2v_loader_leave(loader);
        i2v_loader_enter(loader, "temporal_transformer_blocks.%d", i);
        load_feed_forward(loader, &transformer->temporal[i].ff_in, channels, "norm_in", "ff_in");
        load_block(loader, &transformer->temporal[i], channels, sizes->context_dim);
        i2v_loader_leave(loader);
    }
    i2v_loader_enter(loader, "time_pos_embed");
    i2v_timestep_embedding_load(loader, &transformer->time_pos_embed, channels, 4 * channels, channels);
    i2v_loader_leave(loader);
    transformer->spatial_weight = i2v_load_mix(loader, "time_mixer");
    i2v_load_linear(loader, &transformer->proj_out, channels, channels, 1, "proj_out");
}

/* ---- forward ---- */

static i2v_tensor like(i2v_run *run, i2v_tensor x) {
    return i2v_tensor_new(run, x.frames, x.height, x.width, x.channels);
}

i2v_tensor i2v_transformer_positions(i2v_run *run, const i2v_transformer *transformer, int frames) {
    i2v_tensor out = i2v_tensor_new_f32(run, frames, 1, 1, transformer->channels);
    i2v_tensor waves = i2v_tensor_new_f32(run, frames, 1, 1, transformer->channels);
    for (int i = 0; i < frames; i++) {
        float position = (float)i;
        i2v_sinusoids(run, i2v_tensor_frames(&waves, i, 1), &position);
    }
    i2v_timestep_embedding_forward(run, &transformer->time_pos_embed, out, waves, i2v_epilogue_plain());
    i2v_tensor_free(run, &waves);
    return out;
}

/* to_out(to_v(context)) into out [1, 1, 1, channels]. */
static void attend_to_context(i2v_run *run, const i2v_cross_attention *attention, i2v_tensor out, i2v_tensor context) {
    if (!context.channels) {
        i2v_tensor_copy(run, out, i2v_tensor_of_vectors(attention->to_out.parts[0].bias, 1, out.channels));
        return;
    }
    i2v_tensor value = i2v_tensor_new_f32(run, 1, 1, 1, attention->to_v.out);
    i2v_op_linear(run, value, context, NULL, &attention->to_v, i2v_epilogue_plain());
    i2v_op_linear(run, out, value, NULL, &attention->to_out, i2v_epilogue_plain());
    i2v_tensor_free(run, &value);
}

i2v_tensor i2v_transformer_cross_attention(i2v_run *run, const i2v_transformer *transformer, i2v_tensor context) {
    i2v_tensor out = i2v_tensor_new_f32(run, 2 * transformer->layers, 1, 1, transformer->channels);
    for (int i = 0; i < transformer->layers; i++) {
        attend_to_context(run, &transformer->spatial[i].attn2, i2v_tensor_frames(&out, 2 * i, 1), context);
        attend_to_context(run, &transformer->temporal[i].attn2, i2v_tensor_frames(&out, 2 * i + 1, 1), context);
    }
    return out;
}

/* x += attn1(norm1(x)) + cross over the pixels of each frame, some frames at a time. */
static void attend_in_space(i2v_run *run, const i2v_self_attention *attention, int heads, i2v_tensor all,
                            i2v_epilogue epilogue) {
    int batch = i2v_run_batch(run, all.frames, (int64_t)all.height * all.width * all.channels);
    for (int first = 0; first < all.frames; first += batch) {
        i2v_tensor x = i2v_tensor_frames(&all, first, batch), attended = like(run, x);
        i2v_tensor qkv = i2v_tensor_new(run, x.frames, x.height, x.width, 3 * x.channels);
        i2v_op_linear(run, qkv, x, &attention->norm, &attention->qkv, i2v_epilogue_plain());
        i2v_op_spatial_attention(run, attended, qkv, heads);
        i2v_tensor_free(run, &qkv);
        i2v_epilogue_set_residual(&epilogue, 0, x, 1);
        i2v_op_linear(run, x, attended, NULL, &attention->to_out, epilogue);
        i2v_tensor_free(run, &attended);
    }
}

/* The same over the frames of each pixel, a band of pixels at a time. In x the band's pixels of one frame lie side by
 * side, but far from those of the next frame. So matrices meet them frame by frame, unless the band is all. */
static void attend_in_time(i2v_run *run, const i2v_self_attention *attention, int heads, i2v_tensor x,
                           i2v_epilogue epilogue) {
    i2v_linear to_qkv = i2v_stream_linear(run, &attention->qkv), to_out = i2v_stream_linear(run, &attention->to_out);
    int pixels = x.height * x.width, band = i2v_run_batch(run, pixels, (int64_t)x.frames * x.channels);
    for (int first = 0; first < pixels; first += band) {
        int count = i2v_tensor_pixels(&x, 0, first, band).width;
        i2v_tensor attended = i2v_tensor_new(run, x.frames, 1, count, x.channels);
        i2v_tensor qkv = i2v_tensor_new(run, x.frames, 1, count, 3 * x.channels);
        int frames = count == pixels ? x.frames : 1;
        for (int f = 0; f < x.frames; f += frames) {
            i2v_tensor in = frames > 1 ? x : i2v_tensor_pixels(&x, f, first, band);
            i2v_op_linear(run, i2v_tensor_frames(&qkv, f, frames), in, &attention->norm, &to_qkv, i2v_epilogue_plain());
        }
        i2v_op_temporal_attention(run, attended, qkv, heads);
        i2v_tensor_free(run, &qkv);
        for (int f = 0; f < x.frames; f += frames) {
            i2v_tensor out = frames > 1 ? x : i2v_tensor_pixels(&x, f, first, band);
            i2v_epilogue_set_residual(&epilogue, 0, out, 1);
            i2v_op_linear(run, out, i2v_tensor_frames(&attended, f, frames), NULL, &to_out, epilogue);
        }
        i2v_tensor_free(run, &attended);
    }
    i2v_stream_linear_end(run, &attention->to_out, &to_out);
    i2v_stream_linear_end(run, &attention->qkv, &to_qkv);
}

/* x += attn1(norm1(x)) + cross, attn2's vector. */
static void attend(i2v_run *run, const i2v_transformer_block *block, int heads, int temporal, i2v_tensor x,
                   i2v_tensor cross) {
    i2v_epilogue epilogue = i2v_epilogue_residual(x);
    i2v_epilogue_set_vector(&epilogue, cross);
    (temporal ? attend_in_time : attend_in_space)(run, &block->attn1, heads, x, epilogue);
}

static void spatial_block(i2v_run *run, const i2v_transformer *transformer, const i2v_transformer_block *block,
                          i2v_tensor x, i2v_tensor cross) {
    attend(run, block, transformer->heads, 0, x, cross);
    i2v_op_feed_forward(run, x, x, &block->ff.norm, &block->ff.geglu, &block->ff.output, i2v_epilogue_residual(x));
}

/* x becomes the temporal block of x, blended with x. */
static void temporal_block(i2v_run *run, const i2v_transformer *transformer, const i2v_transformer_block *block,
                           i2v_tensor x, i2v_tensor positions, i2v_tensor cross) {
    i2v_tensor hidden = like(run, x);
    i2v_op_add_vectors(run, hidden, x, positions);
    i2v_op_feed_forward(run, hidden, hidden, &block->ff_in.norm, &block->ff_in.geglu, &block->ff_in.output,
                        i2v_epilogue_residual(hidden));
    attend(run, block, transformer->heads, 1, hidden, cross);

    float a = transformer->spatial_weight;
    i2v_epilogue blend = {.scale = 1 - a};
    i2v_epilogue_set_residual(&blend, 0, hidden, 1 - a);
    i2v_epilogue_set_residual(&blend, 1, x, a);
    i2v_op_feed_forward(run, x, hidden, &block->ff.norm, &block->ff.geglu, &block->ff.output, blend);
    i2v_tensor_free(run, &hidden);
}

void i2v_transformer_forward(i2v_run *run, const i2v_transformer *transformer, i2v_tensor x, i2v_tensor positions,
                             i2v_tensor cross) {
    i2v_tensor hidden = like(run, x), none = {0};
    i2v_group_norm norm = i2v_group_norm_of(run, x, none, &transformer->norm, 0, I2V_ACTIVATION_NONE);
    i2v_op_linear_normed(run, hidden, x, &norm, &transformer->proj_in, i2v_epilogue_plain());
    i2v_group_norm_free(run, &norm);

    for (int i = 0; i < transformer->layers; i++) {
        i2v_tensor spatial = i2v_tensor_frames(&cross, 2 * i, 1), temporal = i2v_tensor_frames(&cross, 2 * i + 1, 1);
        spatial_block(run, transformer, &transformer->spatial[i], hidden, spatial);
        temporal_block(run, transformer, &transformer->temporal[i], hidden, positions, temporal);
    }

    i2v_op_linear(run, x, hidden, NULL, &transformer->proj_out, i2v_epilogue_residual(x));
    i2v_tensor_free(run, &hidden);
}
