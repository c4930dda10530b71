/* sgm's Encoder and Decoder (sgm.modules.diffusionmodules.model) and VideoDecoder
 * (sgm.modules.autoencoding.temporal_ae). up.N counts levels from the top, up_blocks.N from the deepest. */
#include "model/stability.h"

#define MAX_CHANNELS 65536

/* ---- sizes ---- */

static i2v_status finish(const i2v_shapes *s, const i2v_vae_config *config, i2v_error *error) {
    return s->status ? s->status : i2v_vae_config_check(config, i2v_weights_path(s->file), error);
}

i2v_status i2v_stability_encoder_sizes(i2v_vae_config *config, const i2v_weights *file, const char *prefix,
                                       i2v_error *error) {
    i2v_shapes s = {.file = file, .prefix = prefix, .error = error};
    *config = (i2v_vae_config){.scaling_factor = 0.18215};
    config->levels = i2v_shapes_count(&s, I2V_MAX_LEVELS, "encoder.down.");
    config->layers_per_block = i2v_shapes_count(&s, I2V_MAX_LAYERS - 1, "encoder.down.0.block.");
    for (int level = 0; level < config->levels; level++) {
        config->block_out_channels[level] =
            i2v_shapes_side(&s, 4, 0, MAX_CHANNELS, "encoder.down.%d.block.0.conv1.weight", level);
    }
    config->has_quant_conv = i2v_shapes_have(&s, "quant_conv.");
    config->latent_channels =
        i2v_shapes_side(&s, 4, 0, 1024, config->has_quant_conv ? "quant_conv.weight" : "encoder.conv_out.weight") / 2;
    return finish(&s, config, error);
}

i2v_status i2v_stability_decoder_sizes(i2v_vae_config *config, const i2v_weights *file, const char *prefix,
                                       i2v_error *error) {
    i2v_shapes s = {.file = file, .prefix = prefix, .error = error};
    *config = (i2v_vae_config){.scaling_factor = 0.18215, .decoder_mid_attention = 1};
    config->levels = i2v_shapes_count(&s, I2V_MAX_LEVELS, "decoder.up.");
    config->layers_per_block = i2v_shapes_count(&s, I2V_MAX_LAYERS, "decoder.up.0.block.") - 1;
    for (int level = 0; level < config->levels; level++) {
        config->block_out_channels[level] =
            i2v_shapes_side(&s, 4, 0, MAX_CHANNELS, "decoder.up.%d.block.0.conv1.weight", level);
    }
    config->latent_channels = i2v_shapes_side(&s, 4, 1, 512, "decoder.conv_in.weight");
    config->temporal_decoder = i2v_shapes_have(&s, "decoder.conv_out.time_mix_conv.") ||
                               i2v_shapes_have(&s, "decoder.mid.block_1.time_stack.");
    config->has_post_quant_conv = i2v_shapes_have(&s, "post_quant_conv.");
    return finish(&s, config, error);
}

/* ---- names ---- */

typedef struct {
    const char *file, *name;
} name_pair;

static void add(i2v_name_map *map, i2v_name_change change, const char *file, const char *from, const char *name,
                const char *to) {
    char left[I2V_NAME_SIZE], right[I2V_NAME_SIZE];
    i2v_name_print(left, "%s.%s", file, from);
    i2v_name_print(right, "%s.%s", name, to);
    i2v_name_map_module(map, change, left, right);
}

/* ResnetBlock; with time, VideoResBlock. */
static void add_resnet(i2v_name_map *map, int temporal, const char *file, const char *name) {
    static const name_pair spatial[] = {{"norm1", "norm1"},
                                        {"conv1", "conv1"},
                                        {"norm2", "norm2"},
                                        {"conv2", "conv2"},
                                        {"nin_shortcut", "conv_shortcut"}};
    static const name_pair in_time[] = {{"time_stack.in_layers.0", "temporal_res_block.norm1"},
                                        {"time_stack.in_layers.2", "temporal_res_block.conv1"},
                                        {"time_stack.out_layers.0", "temporal_res_block.norm2"},
                                        {"time_stack.out_layers.3", "temporal_res_block.conv2"}};
    char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    i2v_name_print(to, "%s%s", name, temporal ? ".spatial_res_block" : "");
    for (size_t i = 0; i < sizeof spatial / sizeof *spatial; i++) {
        add(map, I2V_NAME_ONLY, file, spatial[i].file, to, spatial[i].name);
    }
    if (!temporal) return;
    for (size_t i = 0; i < sizeof in_time / sizeof *in_time; i++) {
        add(map, I2V_NAME_ONLY, file, in_time[i].file, name, in_time[i].name);
    }
    i2v_name_print(from, "%s.mix_factor", file);
    i2v_name_print(to, "%s.time_mixer.mix_factor", name);
    i2v_name_map_tensor(map, I2V_NAME_ONLY, from, to);
}

/* half is "encoder" or "decoder": first and last convolution, and the middle. */
static void add_ends(i2v_name_map *map, int temporal, const char *prefix, const char *half) {
    static const name_pair attention[] = {{"q", "to_q"}, {"k", "to_k"}, {"v", "to_v"}, {"proj_out", "to_out.0"}};
    char file[I2V_NAME_SIZE], from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    i2v_name_print(file, "%s%s", prefix, half);
    i2v_name_print(from, "%s.", file);
    i2v_name_map_root(map, from);
    add(map, I2V_NAME_ONLY, file, "conv_in", half, "conv_in");
    add(map, I2V_NAME_ONLY, file, "norm_out", half, "conv_norm_out");
    add(map, I2V_NAME_ONLY, file, "conv_out", half, "conv_out");
    for (int i = 0; i < 2; i++) {
        i2v_name_print(from, "%s.mid.block_%d", file, i + 1);
        i2v_name_print(to, "%s.mid_block.resnets.%d", half, i);
        add_resnet(map, temporal, from, to);
    }
    i2v_name_print(from, "%s.mid.attn_1", file);
    i2v_name_print(to, "%s.mid_block.attentions.0", half);
    add(map, I2V_NAME_ONLY, from, "norm", to, "group_norm");
    for (size_t i = 0; i < sizeof attention / sizeof *attention; i++) {
        add(map, I2V_NAME_1X1, from, attention[i].file, to, attention[i].name);
    }
}

static void add_outer(i2v_name_map *map, const char *prefix, const char *module) {
    char file[I2V_NAME_SIZE], root[I2V_NAME_SIZE];
    i2v_name_print(file, "%s%s", prefix, module);
    i2v_name_print(root, "%s.", file);
    i2v_name_map_root(map, root);
    i2v_name_map_module(map, I2V_NAME_ONLY, file, module);
}

void i2v_stability_encoder_names(i2v_name_map *map, const i2v_vae_config *config, const char *prefix) {
    char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    add_ends(map, 0, prefix, "encoder");
    if (config->has_quant_conv) add_outer(map, prefix, "quant_conv");
    for (int level = 0; level < config->levels; level++) {
        for (int i = 0; i < config->layers_per_block; i++) {
            i2v_name_print(from, "%sencoder.down.%d.block.%d", prefix, level, i);
            i2v_name_print(to, "encoder.down_blocks.%d.resnets.%d", level, i);
            add_resnet(map, 0, from, to);
        }
        i2v_name_print(from, "%sencoder.down.%d.downsample.conv", prefix, level);
        i2v_name_print(to, "encoder.down_blocks.%d.downsamplers.0.conv", level);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, to);
    }
}

void i2v_stability_decoder_names(i2v_name_map *map, const i2v_vae_config *config, const char *prefix) {
    char from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    add_ends(map, config->temporal_decoder, prefix, "decoder");
    if (config->has_post_quant_conv) add_outer(map, prefix, "post_quant_conv");
    if (config->temporal_decoder) {
        i2v_name_print(from, "%sdecoder.conv_out.time_mix_conv", prefix);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, "decoder.time_conv_out");
    }
    for (int level = 0; level < config->levels; level++) {
        int index = config->levels - 1 - level;
        for (int i = 0; i <= config->layers_per_block; i++) {
            i2v_name_print(from, "%sdecoder.up.%d.block.%d", prefix, level, i);
            i2v_name_print(to, "decoder.up_blocks.%d.resnets.%d", index, i);
            add_resnet(map, config->temporal_decoder, from, to);
        }
        i2v_name_print(from, "%sdecoder.up.%d.upsample.conv", prefix, level);
        i2v_name_print(to, "decoder.up_blocks.%d.upsamplers.0.conv", index);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, to);
    }
}
