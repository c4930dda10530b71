/* open_clip's VisionTransformer, as sgm's FrozenOpenCLIPImageEmbedder holds it: q, k and v in one matrix, the
 * projection the other way round. And the same in transformers' names, which ComfyUI gives it. */
#include "model/stability.h"

#define MAX_CHANNELS 65536

/* ---- sizes ---- */

/* open_clip's models for pictures: ViT-B has 12 heads of 64; L, H, g and bigG have 16, of 64, 80, 88 and 104. */
static int heads_of(int hidden) {
    return hidden == 768 ? 12 : 16;
}

/* The square of patches, from the number of positions: one is the class token's. */
static int side_of(int positions) {
    int side = 0;
    while ((side + 1) * (side + 1) <= positions - 1) side++;
    return side;
}

/* The tensors that tell sizes, as a file calls them. */
typedef struct {
    const char *patches, *positions, *layers, *intermediate, *projection;
    int projection_side; /* dimension of projection that is projection_dim */
} clip_tensors;

static i2v_status read_sizes(i2v_clip_config *config, i2v_shapes *s, const clip_tensors *tensors) {
    *config = (i2v_clip_config){.layer_norm_eps = 1e-5};
    config->hidden_size = i2v_shapes_side(s, 4, 0, MAX_CHANNELS, "%s", tensors->patches);
    config->patch_size = i2v_shapes_side(s, 4, 3, 4096, "%s", tensors->patches);
    config->image_size = side_of(i2v_shapes_side(s, 2, 0, MAX_CHANNELS, "%s", tensors->positions)) * config->patch_size;
    config->num_hidden_layers = i2v_shapes_count(s, 256, "%s", tensors->layers);
    config->intermediate_size =
        i2v_shapes_side(s, 2, 0, 4 * MAX_CHANNELS, "%s0.%s", tensors->layers, tensors->intermediate);
    config->projection_dim = i2v_shapes_side(s, 2, tensors->projection_side, MAX_CHANNELS, "%s", tensors->projection);
    config->num_attention_heads = heads_of(config->hidden_size);
    if (config->hidden_size % config->num_attention_heads != 0) {
        i2v_shapes_fail(s,
                        "its image encoder is %d wide, no multiple of %d, so its number of attention heads is not "
                        "known; put the encoder's config.json into the file's metadata as "
                        "img2vid.image_encoder_config",
                        config->hidden_size, config->num_attention_heads);
    }
    return s->status ? s->status : i2v_clip_config_check(config, i2v_weights_path(s->file), s->error);
}

i2v_status i2v_stability_clip_sizes(i2v_clip_config *config, const i2v_weights *file, const char *prefix,
                                    i2v_error *error) {
    static const clip_tensors tensors = {
        "conv1.weight", "positional_embedding", "transformer.resblocks.", "mlp.c_fc.weight", "proj", 1};
    i2v_shapes s = {.file = file, .prefix = prefix, .error = error};
    return read_sizes(config, &s, &tensors);
}

i2v_status i2v_transformers_clip_sizes(i2v_clip_config *config, const i2v_weights *file, const char *prefix,
                                       i2v_error *error) {
    static const clip_tensors tensors = {"vision_model.embeddings.patch_embedding.weight",
                                         "vision_model.embeddings.position_embedding.weight",
                                         "vision_model.encoder.layers.",
                                         "mlp.fc1.weight",
                                         "visual_projection.weight",
                                         0};
    i2v_shapes s = {.file = file, .prefix = prefix, .error = error};
    i2v_status status = read_sizes(config, &s, &tensors);
    /* OpenAI's ViT-L, which shapes do not tell from open_clip's: ComfyUI takes 24 layers for OpenAI's, too */
    config->quick_gelu = config->hidden_size == 1024 && config->num_hidden_layers == 24;
    return status;
}

/* ---- names ---- */

static void add_layer(i2v_name_map *map, const char *prefix, int index) {
    static const struct {
        const char *file, *name;
    } modules[] = {{"ln_1", "layer_norm1"},
                   {"attn.out_proj", "self_attn.out_proj"},
                   {"ln_2", "layer_norm2"},
                   {"mlp.c_fc", "mlp.fc1"},
                   {"mlp.c_proj", "mlp.fc2"}};
    static const char *const projections[] = {"q_proj", "k_proj", "v_proj"}, *const leaves[] = {"weight", "bias"};
    char layer[I2V_NAME_SIZE], from[I2V_NAME_SIZE], to[I2V_NAME_SIZE];
    i2v_name_print(layer, "vision_model.encoder.layers.%d", index);
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        i2v_name_print(from, "%stransformer.resblocks.%d.%s", prefix, index, modules[i].file);
        i2v_name_print(to, "%s.%s", layer, modules[i].name);
        i2v_name_map_module(map, I2V_NAME_ONLY, from, to);
    }
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 2; k++) {
            i2v_name_print(from, "%stransformer.resblocks.%d.attn.in_proj_%s", prefix, index, leaves[k]);
            i2v_name_print(to, "%s.self_attn.%s.%s", layer, projections[i], leaves[k]);
            i2v_name_map_tensor(map, I2V_NAME_THIRD_1 + i, from, to);
        }
    }
}

void i2v_stability_clip_names(i2v_name_map *map, const i2v_clip_config *config, const char *prefix) {
    static const struct {
        const char *file, *name;
        i2v_name_change change;
    } tensors[] = {
        {"conv1.weight", "vision_model.embeddings.patch_embedding.weight", I2V_NAME_ONLY},
        {"class_embedding", "vision_model.embeddings.class_embedding", I2V_NAME_ONLY},
        {"positional_embedding", "vision_model.embeddings.position_embedding.weight", I2V_NAME_ONLY},
        {"ln_pre.weight", "vision_model.pre_layrnorm.weight", I2V_NAME_ONLY},
        {"ln_pre.bias", "vision_model.pre_layrnorm.bias", I2V_NAME_ONLY},
        {"ln_post.weight", "vision_model.post_layernorm.weight", I2V_NAME_ONLY},
        {"ln_post.bias", "vision_model.post_layernorm.bias", I2V_NAME_ONLY},
        {"proj", "visual_projection.weight", I2V_NAME_TRANSPOSED},
    };
    i2v_name_map_root(map, prefix);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        char from[I2V_NAME_SIZE];
        i2v_name_print(from, "%s%s", prefix, tensors[i].file);
        i2v_name_map_tensor(map, tensors[i].change, from, tensors[i].name);
    }
    for (int i = 0; i < config->num_hidden_layers; i++) add_layer(map, prefix, i);
}
