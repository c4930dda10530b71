/* diffusers' UNetSpatioTemporalConditionModel: predicts the velocity of noisy latents. */
#include "model/unet.h"

#include "tensor/values.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_SKIPS (1 + I2V_MAX_LEVELS * (I2V_MAX_LAYERS + 1))

/* ---- loading ---- */

static i2v_spatio_temporal_resnet_sizes resnet_sizes(int in, int out, int time_channels, double epsilon) {
    return (i2v_spatio_temporal_resnet_sizes){
        .in = in, .out = out, .time_channels = time_channels, .epsilon = epsilon, .temporal_epsilon = epsilon};
}

static i2v_transformer_sizes transformer_sizes(const i2v_unet_config *config, int level) {
    return (i2v_transformer_sizes){.channels = config->block_out_channels[level],
                                   .heads = config->num_attention_heads[level],
                                   .layers = config->transformer_layers_per_block[level],
                                   .context_dim = config->cross_attention_dim};
}

/* Layer i of the block that the loader is in: a resnet, and after it a transformer, if that is not NULL. */
static void load_layer(i2v_loader *loader, int i, i2v_spatio_temporal_resnet *resnet,
                       const i2v_spatio_temporal_resnet_sizes *sizes, i2v_transformer *transformer,
                       const i2v_transformer_sizes *attention) {
    i2v_loader_enter(loader, "resnets.%d", i);
    i2v_spatio_temporal_resnet_load(loader, resnet, sizes);
    i2v_loader_leave(loader);
    if (!transformer) return;
    i2v_loader_enter(loader, "attentions.%d", i);
    i2v_transformer_load(loader, transformer, attention);
    i2v_loader_leave(loader);
}

static void load_down_block(i2v_loader *loader, i2v_unet_block *block, const i2v_unet_config *config, int level) {
    int out = config->block_out_channels[level];
    int time_channels = 4 * config->block_out_channels[0];
    block->layers = config->layers_per_block[level];
    block->has_attention = config->down_attention[level];
    block->has_resampler = level + 1 < config->levels;
    /* the classes differ in this default */
    double epsilon = block->has_attention ? 1e-6 : 1e-5;
    i2v_transformer_sizes attention = transformer_sizes(config, level);
    for (int i = 0; i < block->layers; i++) {
        int in = i > 0 ? out : config->block_out_channels[level > 0 ? level - 1 : 0];
        i2v_spatio_temporal_resnet_sizes sizes = resnet_sizes(in, out, time_channels, epsilon);
        i2v_transformer *transformer = block->has_attention ? &block->attentions[i] : NULL;
        load_layer(loader, i, &block->resnets[i], &sizes, transformer, &attention);
    }
    if (!block->has_resampler) return;
    block->resampler = i2v_conv_3x3(out, out);
    block->resampler.stride = 2;
    i2v_load_conv(loader, &block->resampler, 1, "downsamplers.0.conv");
}

/* Whether a level of latents is twice the next, not one less; 0 where the size is not known. */
static int is_even(int size, int level) {
    for (; level > 0; level--) size = (size + 1) / 2;
    return size > 0 && size % 2 == 0;
}

/* index counts from the deepest level; the level it belongs to is levels - 1 - index. */
static void load_up_block(i2v_loader *loader, i2v_unet_block *block, const i2v_unet_config *config, int index,
                          int height, int width) {
    int level = config->levels - 1 - index;
    int out = config->block_out_channels[level];
    int below = config->block_out_channels[level + 1 < config->levels ? level + 1 : level];
    int above = config->block_out_channels[level > 0 ? level - 1 : 0];
    block->layers = config->layers_per_block[level] + 1;
    block->has_attention = config->up_attention[index];
    block->has_resampler = level > 0;
    i2v_transformer_sizes attention = transformer_sizes(config, level);
    for (int i = 0; i < block->layers; i++) {
        int in = i == 0 ? below : out;
        int skip = i == block->layers - 1 ? above : out;
        i2v_spatio_temporal_resnet_sizes sizes = resnet_sizes(in + skip, out, 4 * config->block_out_channels[0], 1e-6);
        i2v_transformer *transformer = block->has_attention ? &block->attentions[i] : NULL;
        load_layer(loader, i, &block->resnets[i], &sizes, transformer, &attention);
    }
    if (!block->has_resampler) return;
    block->resampler = i2v_conv_3x3(out, out);
    block->resampler.doubles = is_even(height, level - 1) && is_even(width, level - 1);
    i2v_load_conv(loader, &block->resampler, 1, "upsamplers.0.conv");
}

static void load_mid_block(i2v_loader *loader, i2v_unet *unet, const i2v_unet_config *config) {
    int last = config->levels - 1;
    int channels = config->block_out_channels[last];
    i2v_spatio_temporal_resnet_sizes sizes = resnet_sizes(channels, channels, 4 * config->block_out_channels[0], 1e-5);
    i2v_transformer_sizes attention = transformer_sizes(config, last);
    /* the mid block has one transformer, of the last level's depth */
    load_layer(loader, 0, &unet->mid_resnets[0], &sizes, &unet->mid_attention, &attention);
    load_layer(loader, 1, &unet->mid_resnets[1], &sizes, NULL, NULL);
}

static void list_layers(i2v_unet *unet, const i2v_unet_block *block) {
    for (int i = 0; i < block->layers; i++) {
        unet->resnets[unet->resnets_count++] = &block->resnets[i];
        if (block->has_attention) unet->transformers[unet->transformers_count++] = &block->attentions[i];
    }
}

static void list_all_layers(i2v_unet *unet) {
    for (int i = 0; i < unet->config.levels; i++) list_layers(unet, &unet->down_blocks[i]);
    unet->resnets[unet->resnets_count++] = &unet->mid_resnets[0];
    unet->transformers[unet->transformers_count++] = &unet->mid_attention;
    unet->resnets[unet->resnets_count++] = &unet->mid_resnets[1];
    for (int i = 0; i < unet->config.levels; i++) list_layers(unet, &unet->up_blocks[i]);
}

static void load_embeddings(i2v_loader *loader, i2v_unet *unet, const i2v_unet_config *config) {
    int channels = config->block_out_channels[0], time_channels = 4 * channels;
    i2v_loader_enter(loader, "time_embedding");
    i2v_timestep_embedding_load(loader, &unet->time_embedding, channels, time_channels, time_channels);
    i2v_loader_leave(loader);
    i2v_loader_enter(loader, "add_embedding");
    i2v_timestep_embedding_load(loader, &unet->add_embedding, config->projection_class_embeddings_input_dim,
                                time_channels, time_channels);
    i2v_loader_leave(loader);
}

void i2v_unet_load(i2v_loader *loader, i2v_unet *unet, const i2v_unet_config *config, int height, int width) {
    int channels = config->block_out_channels[0];
    memset(unet, 0, sizeof *unet);
    unet->config = *config;
    unet->conv_in = i2v_conv_3x3(config->in_channels, channels);
    unet->conv_out = i2v_conv_3x3(channels, config->out_channels);
    i2v_load_conv(loader, &unet->conv_in, 1, "conv_in");
    load_embeddings(loader, unet, config);
    for (int i = 0; i < config->levels; i++) {
        i2v_loader_enter(loader, "down_blocks.%d", i);
        load_down_block(loader, &unet->down_blocks[i], config, i);
        i2v_loader_leave(loader);
    }
    i2v_loader_enter(loader, "mid_block");
    load_mid_block(loader, unet, config);
    i2v_loader_leave(loader);
    for (int i = 0; i < config->levels; i++) {
        i2v_loader_enter(loader, "up_blocks.%d", i);
        load_up_block(loader, &unet->up_blocks[i], config, i, height, width);
        i2v_loader_leave(loader);
    }
    i2v_load_norm(loader, &unet->conv_norm_out, channels, I2V_NORM_GROUPS, 1e-5, "conv_norm_out");
    i2v_load_conv(loader, &unet->conv_out, 1, "conv_out");
    list_all_layers(unet);
}

/* ---- what passes share ---- */

/* silu(time_embedding(timestep) + add_embedding(time ids)): every use of it is after this activation. */
static i2v_tensor embed_time(i2v_run *run, const i2v_unet *unet, float timestep, const float *time_ids) {
    int channels = unet->config.block_out_channels[0];
    int dim = unet->config.addition_time_embed_dim;
    i2v_tensor time = i2v_tensor_new_f32(run, 1, 1, 1, 4 * channels);
    i2v_tensor sum = i2v_tensor_new_f32(run, 1, 1, 1, 4 * channels);
    i2v_tensor waves = i2v_tensor_new_f32(run, 1, 1, 1, channels);
    i2v_tensor ids = i2v_tensor_new_f32(run, 1, 1, 1, 3 * dim);
    i2v_sinusoids(run, waves, &timestep);
    i2v_sinusoids(run, i2v_tensor_view(&ids, 3, 1, 1, dim), time_ids);
    i2v_timestep_embedding_forward(run, &unet->time_embedding, time, waves, i2v_epilogue_plain());
    /* the vector is added before the activation */
    i2v_epilogue add_and_silu = {.activation = I2V_ACTIVATION_SILU, .scale = 1};
    i2v_epilogue_set_vector(&add_and_silu, time);
    i2v_timestep_embedding_forward(run, &unet->add_embedding, sum, ids, add_and_silu);
    i2v_tensor_free(run, &ids);
    i2v_tensor_free(run, &waves);
    i2v_tensor_free(run, &time);
    return sum;
}

void i2v_unet_positions(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, int frames) {
    out->count = unet->transformers_count;
    for (int i = 0; i < out->count; i++)
        out->tensors[i] = i2v_transformer_positions(run, unet->transformers[i], frames);
}

void i2v_unet_cross_attention(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, i2v_tensor context) {
    out->count = unet->transformers_count;
    for (int i = 0; i < out->count; i++)
        out->tensors[i] = i2v_transformer_cross_attention(run, unet->transformers[i], context);
}

/* Those from left_out.first on and before left_out.end get none. */
static void project_time(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, i2v_unet_span left_out,
                         float timestep, const float *time_ids) {
    out->count = unet->resnets_count;
    i2v_tensor time = embed_time(run, unet, timestep, time_ids);
    for (int i = 0; i < out->count; i++) {
        out->tensors[i] = i >= left_out.first && i < left_out.end
                              ? (i2v_tensor){0}
                              : i2v_spatio_temporal_resnet_time(run, unet->resnets[i], time);
    }
    i2v_tensor_free(run, &time);
}

void i2v_unet_time(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, float timestep, const float time_ids[3]) {
    project_time(out, run, unet, (i2v_unet_span){0}, timestep, time_ids);
}

void i2v_unet_time_cached(i2v_unet_tensors *out, i2v_run *run, const i2v_unet *unet, const i2v_unet_cut *cut,
                          float timestep, const float time_ids[3]) {
    project_time(out, run, unet, cut->resnets, timestep, time_ids);
}

void i2v_unet_tensors_free(i2v_run *run, i2v_unet_tensors *tensors) {
    for (int i = 0; i < tensors->count; i++) i2v_tensor_free(run, &tensors->tensors[i]);
    tensors->count = 0;
}

/* ---- forward ---- */

/* What every block of one forward pass sees. */
typedef struct {
    i2v_run *run;
    const i2v_unet_input *input;
    int resnets, transformers;   /* passed so far */
    i2v_tensor skips[MAX_SKIPS]; /* outputs of the way down, taken last first on the way up */
    int skip_count;
    int most_skips;  /* where the way down ends */
    int layers_out;  /* of the way up, that are left out yet */
    i2v_tensor kept; /* gets what comes to the layer that takes skip number kept_at, from 1; 0: none */
    int kept_at;
} pass;

static void push_skip(pass *p, i2v_tensor tensor) {
    p->skips[p->skip_count++] = tensor;
}

static i2v_tensor pop_skip(pass *p) {
    return p->skips[--p->skip_count];
}

/* What the next resnet adds of the time embedding. */
static i2v_tensor next_time(pass *p) {
    return p->input->time->tensors[p->resnets++];
}

static void attend(pass *p, const i2v_transformer *transformer, i2v_tensor x) {
    const i2v_unet_input *input = p->input;
    int i = p->transformers++;
    i2v_transformer_forward(p->run, transformer, x, input->positions->tensors[i], input->cross_attention->tensors[i]);
}

/* All outputs become skips, which own them; the last is returned too. */
static i2v_tensor down_block(pass *p, const i2v_unet_block *block, i2v_tensor x) {
    for (int i = 0; i < block->layers; i++) {
        if (p->skip_count == p->most_skips) return x;
        x = i2v_spatio_temporal_resnet_forward(p->run, &block->resnets[i], x, (i2v_tensor){0}, next_time(p));
        if (block->has_attention) attend(p, &block->attentions[i], x);
        push_skip(p, x);
    }
    if (!block->has_resampler || p->skip_count == p->most_skips) return x;
    const i2v_conv *conv = &block->resampler;
    i2v_tensor half =
        i2v_tensor_new(p->run, x.frames, i2v_conv_size(conv, x.height), i2v_conv_size(conv, x.width), conv->out);
    i2v_op_conv(p->run, half, x, conv, i2v_epilogue_plain());
    push_skip(p, half);
    return half;
}

/* Reads x, which belongs to the skips. */
static i2v_tensor mid_block(pass *p, const i2v_unet *unet, i2v_tensor x) {
    i2v_run *run = p->run;
    i2v_tensor none = {0};
    i2v_tensor first = i2v_spatio_temporal_resnet_forward(run, &unet->mid_resnets[0], x, none, next_time(p));
    attend(p, &unet->mid_attention, first);
    i2v_tensor out = i2v_spatio_temporal_resnet_forward(run, &unet->mid_resnets[1], first, none, next_time(p));
    i2v_tensor_free(run, &first);
    return out;
}

/* Nearest neighbour up to the size of the skip that comes next, then convolution; frees x. */
static i2v_tensor upsample(pass *p, const i2v_conv *conv, i2v_tensor x) {
    i2v_tensor next = p->skips[p->skip_count - 1];
    if (!conv->doubles) {
        i2v_tensor large = i2v_tensor_new(p->run, x.frames, next.height, next.width, x.channels);
        i2v_op_upsample(p->run, large, x);
        i2v_tensor_free(p->run, &x);
        x = large;
    }
    i2v_tensor out = i2v_tensor_new(p->run, x.frames, next.height, next.width, conv->out);
    i2v_op_conv(p->run, out, x, conv, i2v_epilogue_plain());
    i2v_tensor_free(p->run, &x);
    return out;
}

/* Of a block's layers on the way up, those that the pass leaves out: the first. */
static int leave_out(pass *p, const i2v_unet_block *block) {
    int count = p->layers_out < block->layers ? p->layers_out : block->layers;
    p->layers_out -= count;
    return count;
}

/* Frees x. */
static i2v_tensor up_block(pass *p, const i2v_unet_block *block, i2v_tensor x) {
    int first = leave_out(p, block);
    if (first == block->layers) return x;
    for (int i = first; i < block->layers; i++) {
        if (p->skip_count == p->kept_at) i2v_tensor_copy(p->run, p->kept, x);
        i2v_tensor skip = pop_skip(p), time = next_time(p);
        i2v_tensor joined =
            i2v_resnet_forward(p->run, &block->resnets[i].spatial, x, skip, i2v_tensor_frames(&time, 0, 1));
        i2v_tensor_free(p->run, &skip);
        i2v_tensor_free(p->run, &x);
        x = joined;
        i2v_temporal_resnet_blend(p->run, &block->resnets[i], x, i2v_tensor_frames(&time, 1, 1));
        if (block->has_attention) attend(p, &block->attentions[i], x);
    }
    return block->has_resampler ? upsample(p, &block->resampler, x) : x;
}

static void tell(i2v_run *run, i2v_unet_probe probe, void *user, const char *name, int index, i2v_tensor output) {
    if (!probe || run->status) return;
    char stage[64];
    snprintf(stage, sizeof stage, index < 0 ? "%s" : "%s.%d", name, index);
    probe(user, stage, output);
}

i2v_tensor i2v_unet_features_new(i2v_run *run, const i2v_unet_cut *cut, int frames, int height, int width) {
    for (int i = 0; i < cut->level; i++) {
        height = (height + 1) / 2;
        width = (width + 1) / 2;
    }
    return i2v_tensor_new(run, frames, height, width, cut->channels);
}

/* A pass as it begins: all of it, what it writes to the features being set, or the layers around the cut. */
static pass pass_of(i2v_run *run, const i2v_unet_input *input, const i2v_unet_features *features) {
    pass p = {.run = run, .input = input, .most_skips = INT_MAX};
    if (features && features->is_cached) {
        p.most_skips = features->cut->skips;
        p.layers_out = features->cut->layers_out;
    } else if (features) {
        p.kept = features->kept;
        p.kept_at = features->cut->skips;
    }
    return p;
}

/* What comes to the way up in a cached pass, which is at its lowest; the caller's features stay as they are. */
static i2v_tensor take_features(pass *p, const i2v_unet_features *features) {
    i2v_tensor kept = features->kept, x = i2v_tensor_new(p->run, kept.frames, kept.height, kept.width, kept.channels);
    i2v_tensor_copy(p->run, x, kept);
    p->resnets = features->cut->resnets.end;
    p->transformers = features->cut->transformers.end;
    return x;
}

static void forward(i2v_run *run, const i2v_unet *unet, i2v_tensor out, const i2v_unet_input *input,
                    const i2v_unet_features *features, i2v_unet_probe probe, void *user) {
    pass p = pass_of(run, input, features);
    i2v_tensor sample = input->sample;
    int levels = unet->config.levels, is_cached = features && features->is_cached;

    i2v_tensor x = i2v_tensor_new(run, sample.frames, sample.height, sample.width, unet->conv_in.out);
    i2v_op_conv(run, x, sample, &unet->conv_in, i2v_epilogue_plain());
    push_skip(&p, x);
    tell(run, probe, user, "conv_in", -1, x);
    for (int i = 0; i < levels; i++) {
        x = down_block(&p, &unet->down_blocks[i], x);
        tell(run, probe, user, "down_blocks", i, x);
    }
    x = is_cached ? take_features(&p, features) : mid_block(&p, unet, x);
    tell(run, probe, user, "mid_block", -1, x);
    for (int i = 0; i < levels; i++) {
        x = up_block(&p, &unet->up_blocks[i], x);
        tell(run, probe, user, "up_blocks", i, x);
    }
    i2v_tensor none = {0};
    i2v_group_norm norm = i2v_group_norm_of(run, x, none, &unet->conv_norm_out, 0, I2V_ACTIVATION_SILU);
    i2v_op_conv_normed(run, out, x, none, &norm, &unet->conv_out, i2v_epilogue_plain());
    i2v_group_norm_free(run, &norm);
    i2v_tensor_free(run, &x);
}

void i2v_unet_forward(i2v_run *run, const i2v_unet *unet, i2v_tensor out, const i2v_unet_input *input,
                      i2v_unet_probe probe, void *user) {
    forward(run, unet, out, input, NULL, probe, user);
}

void i2v_unet_forward_keeping(i2v_run *run, const i2v_unet *unet, i2v_tensor out, const i2v_unet_input *input,
                              const i2v_unet_features *features) {
    forward(run, unet, out, input, features, NULL, NULL);
}
