/* sgm.modules.diffusionmodules.video_model.VideoUNet. Its blocks are numbered through: input_blocks.0 is the first
 * convolution, then come a resnet (.0) and transformer (.1) each, and a downsampler (.0.op) at the end of each level;
 * the output_blocks end a level with an upsampler, the last module of its last block. */
#include "model/stability.h"

#define MAX_CHANNELS 65536
#define HEAD_CHANNELS 64 /* num_head_channels of svd.yaml */

typedef struct {
    const char *file, *name;
} name_pair;

/* ---- sizes ---- */

/* Levels on the way down: resnets until a downsampler, or the end. */
static void read_down(i2v_shapes *s, i2v_unet_config *config) {
    int blocks = i2v_shapes_count(s, I2V_MAX_LEVELS * (I2V_MAX_LAYERS + 1), "input_blocks.");
    int level = 0;
    config->levels = 1;
    for (int n = 1; n < blocks && !s->status; n++) {
        if (i2v_shapes_have(s, "input_blocks.%d.0.op.", n)) {
            level = config->levels++;
            if (config->levels > I2V_MAX_LEVELS) i2v_shapes_fail(s, "its UNet has more than %d levels", I2V_MAX_LEVELS);
            continue;
        }
        if (++config->layers_per_block[level] > I2V_MAX_LAYERS) {
            i2v_shapes_fail(s, "its UNet has more than %d resnets in a level", I2V_MAX_LAYERS);
        }
        config->block_out_channels[level] =
            i2v_shapes_side(s, 4, 0, MAX_CHANNELS, "input_blocks.%d.0.out_layers.3.weight", n);
        config->transformer_layers_per_block[level] =
            i2v_shapes_count(s, 64, "input_blocks.%d.1.transformer_blocks.", n);
        config->down_attention[level] = config->transformer_layers_per_block[level] > 0;
    }
    for (level = 0; level < config->levels; level++) {
        if (config->layers_per_block[level] == 0) {
            i2v_shapes_fail(s, "level %d of its UNet's %sinput_blocks has no resnets", level, s->prefix);
        }
    }
}

/* The way up has a block more in each level, and a depth of transformers of its own only where there is none on the
 * way down. */
static void read_up(i2v_shapes *s, i2v_unet_config *config) {
    int n = 0;
    for (int index = 0; index < config->levels && !s->status; index++) {
        int level = config->levels - 1 - index;
        int depth = i2v_shapes_count(s, 64, "output_blocks.%d.1.transformer_blocks.", n);
        config->up_attention[index] = depth > 0;
        if (!config->down_attention[level]) config->transformer_layers_per_block[level] = depth;
        n += config->layers_per_block[level] + 1;
    }
    int last = config->levels - 1, depth = i2v_shapes_count(s, 64, "middle_block.1.transformer_blocks.");
    if (!config->down_attention[last] && !config->up_attention[0]) config->transformer_layers_per_block[last] = depth;
    for (int level = 0; level <= last; level++) {
        if (config->transformer_layers_per_block[level] == 0) config->transformer_layers_per_block[level] = 1;
    }
}

static void read_heads(i2v_shapes *s, i2v_unet_config *config) {
    for (int level = 0; level < config->levels && !s->status; level++) {
        int channels = config->block_out_channels[level];
        config->num_attention_heads[level] = channels / HEAD_CHANNELS;
        if (channels % HEAD_CHANNELS != 0) {
            i2v_shapes_fail(s,
                            "its UNet has %d channels, no multiple of %d as Stable Video Diffusion's, so its number of "
                            "attention heads is not known; put the UNet's config.json into the file's metadata as "
                            "img2vid.unet_config",
                            channels, HEAD_CHANNELS);
        }
    }
}

i2v_status i2v_stability_unet_sizes(i2v_unet_config *config, const i2v_weights *file, const char *prefix,
                                    i2v_error *error) {
    i2v_shapes s = {.file = file, .prefix = prefix, .error = error};
    *config = (i2v_unet_config){0};
    config->in_channels = i2v_shapes_side(&s, 4, 1, 1024, "input_blocks.0.0.weight");
    config->out_channels = i2v_shapes_side(&s, 4, 0, 512, "out.2.weight");
    read_down(&s, config);
    read_up(&s, config);
    config->cross_attention_dim =
        i2v_shapes_side(&s, 2, 1, MAX_CHANNELS, "middle_block.1.transformer_blocks.0.attn2.to_v.weight");
    config->projection_class_embeddings_input_dim = i2v_shapes_side(&s, 2, 1, 3 * MAX_CHANNELS, "label_emb.0.0.weight");
    read_heads(&s, config);
    config->addition_time_embed_dim = config->projection_class_embeddings_input_dim / 3;
    return s.status ? s.status : i2v_unet_config_check(config, i2v_weights_path(file), error);
}

/* ---- names ---- */

/* The modules of a table, each under these two prefixes. */
static void add_modules(i2v_name_map *map, const name_pair *table, size_t count, const char *file, const char *name) {
    for (size_t i = 0; i < count; i++) {
        char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
        i2v_name_print(from, "%s.%s", file, table[i].file);
        i2v_name_print(to, "%s.%s", name, table[i].name);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, to);
    }
}

#define ADD_MODULES(map, table, file, name) add_modules(map, table, sizeof(table) / sizeof *(table), file, name)

/* VideoResBlock */
static void add_resnet(i2v_name_map *map, const char *file, const char *name) {
    static const name_pair table[] = {
        {"in_layers.0", "spatial_res_block.norm1"},
        {"in_layers.2", "spatial_res_block.conv1"},
        {"emb_layers.1", "spatial_res_block.time_emb_proj"},
        {"out_layers.0", "spatial_res_block.norm2"},
        {"out_layers.3", "spatial_res_block.conv2"},
        {"skip_connection", "spatial_res_block.conv_shortcut"},
        {"time_stack.in_layers.0", "temporal_res_block.norm1"},
        {"time_stack.in_layers.2", "temporal_res_block.conv1"},
        {"time_stack.emb_layers.1", "temporal_res_block.time_emb_proj"},
        {"time_stack.out_layers.0", "temporal_res_block.norm2"},
        {"time_stack.out_layers.3", "temporal_res_block.conv2"},
    };
    ADD_MODULES(map, table, file, name);
    char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    i2v_name_print(from, "%s.time_mixer.mix_factor", file);
    i2v_name_print(to, "%s.time_mixer.mix_factor", name);
    i2v_name_map_tensor(map, I2V_NAME_ONLY, from, to);
}

/* SpatialVideoTransformer */
static void add_transformer(i2v_name_map *map, int layers, const char *file, const char *name) {
    static const name_pair outer[] = {
        {"norm", "norm"},
        {"proj_in", "proj_in"},
        {"proj_out", "proj_out"},
        {"time_pos_embed.0", "time_pos_embed.linear_1"},
        {"time_pos_embed.2", "time_pos_embed.linear_2"},
    };
    /* named alike in both; norm_in and ff_in are the temporal blocks' */
    static const char *const inner[] = {"norm_in",    "ff_in.net.0.proj", "ff_in.net.2",    "norm1", "attn1.to_q",
                                        "attn1.to_k", "attn1.to_v",       "attn1.to_out.0", "norm2", "attn2.to_q",
                                        "attn2.to_k", "attn2.to_v",       "attn2.to_out.0", "norm3", "ff.net.0.proj",
                                        "ff.net.2"};
    char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    ADD_MODULES(map, outer, file, name);
    i2v_name_print(from, "%s.time_mixer.mix_factor", file);
    i2v_name_print(to, "%s.time_mixer.mix_factor", name);
    i2v_name_map_tensor(map, I2V_NAME_ONLY, from, to);
    for (int i = 0; i < layers; i++) {
        for (size_t k = 0; k < sizeof inner / sizeof *inner; k++) {
            i2v_name_print(from, "%s.transformer_blocks.%d.%s", file, i, inner[k]);
            i2v_name_print(to, "%s.transformer_blocks.%d.%s", name, i, inner[k]);
            if (k >= 3) i2v_name_map_module(map, I2V_NAME_ONLY, from, to);
            i2v_name_print(from, "%s.time_stack.%d.%s", file, i, inner[k]);
            i2v_name_print(to, "%s.temporal_transformer_blocks.%d.%s", name, i, inner[k]);
            i2v_name_map_module(map, I2V_NAME_ONLY, from, to);
        }
    }
}

/* Resnet k of a block and the transformer beside it. */
static void add_layer(i2v_name_map *map, const char *file, const char *block, int k, int attention, int layers) {
    char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    i2v_name_print(from, "%s.0", file);
    i2v_name_print(to, "%s.resnets.%d", block, k);
    add_resnet(map, from, to);
    if (!attention) return;
    i2v_name_print(from, "%s.1", file);
    i2v_name_print(to, "%s.attentions.%d", block, k);
    add_transformer(map, layers, from, to);
}

static void add_down_blocks(i2v_name_map *map, const i2v_unet_config *config, const char *prefix) {
    int n = 1;
    for (int level = 0; level < config->levels; level++) {
        char from[I2V_NAME_SIZE], block[I2V_NAME_SIZE];
        i2v_name_print(block, "down_blocks.%d", level);
        for (int k = 0; k < config->layers_per_block[level]; k++) {
            i2v_name_print(from, "%sinput_blocks.%d", prefix, n++);
            add_layer(map, from, block, k, config->down_attention[level], config->transformer_layers_per_block[level]);
        }
        if (level + 1 == config->levels) break;
        i2v_name_print(from, "%sinput_blocks.%d.0.op", prefix, n++);
        i2v_name_print(block, "down_blocks.%d.downsamplers.0.conv", level);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, block);
    }
}

static void add_up_blocks(i2v_name_map *map, const i2v_unet_config *config, const char *prefix) {
    int n = 0;
    for (int index = 0; index < config->levels; index++) {
        int level = config->levels - 1 - index, attention = config->up_attention[index];
        char from[I2V_NAME_SIZE], block[I2V_NAME_SIZE];
        i2v_name_print(block, "up_blocks.%d", index);
        for (int k = 0; k <= config->layers_per_block[level]; k++) {
            i2v_name_print(from, "%soutput_blocks.%d", prefix, n++);
            add_layer(map, from, block, k, attention, config->transformer_layers_per_block[level]);
        }
        if (level == 0) break;
        i2v_name_print(from, "%soutput_blocks.%d.%d.conv", prefix, n - 1, attention ? 2 : 1);
        i2v_name_print(block, "up_blocks.%d.upsamplers.0.conv", index);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, block);
    }
}

void i2v_stability_unet_names(i2v_name_map *map, const i2v_unet_config *config, const char *prefix) {
    static const name_pair modules[] = {
        {"input_blocks.0.0", "conv_in"},
        {"time_embed.0", "time_embedding.linear_1"},
        {"time_embed.2", "time_embedding.linear_2"},
        {"label_emb.0.0", "add_embedding.linear_1"},
        {"label_emb.0.2", "add_embedding.linear_2"},
        {"out.0", "conv_norm_out"},
        {"out.2", "conv_out"},
    };
    char from[I2V_NAME_SIZE];
    i2v_name_map_root(map, prefix);
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        i2v_name_print(from, "%s%s", prefix, modules[i].file);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, modules[i].name);
    }
    add_down_blocks(map, config, prefix);
    i2v_name_print(from, "%smiddle_block.0", prefix);
    add_resnet(map, from, "mid_block.resnets.0");
    i2v_name_print(from, "%smiddle_block.1", prefix);
    add_transformer(map, config->transformer_layers_per_block[config->levels - 1], from, "mid_block.attentions.0");
    i2v_name_print(from, "%smiddle_block.2", prefix);
    add_resnet(map, from, "mid_block.resnets.1");
    add_up_blocks(map, config, prefix);
}
