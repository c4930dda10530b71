/* transformers' CLIPVisionModelWithProjection: a picture as one vector. */
#include "model/clip.h"

#include "tensor/values.h"

#include <string.h>

static void load_layer(i2v_loader *loader, i2v_clip_layer *layer, const i2v_clip_config *config, int index) {
    int size = config->hidden_size;
    i2v_loader_enter(loader, "encoder.layers.%d", index);
    i2v_load_norm(loader, &layer->layer_norm1, size, 1, config->layer_norm_eps, "layer_norm1");
    i2v_load_linear_f32(loader, &layer->qkv, size, size, 1, "self_attn.q_proj");
    i2v_load_linear_f32(loader, &layer->qkv, size, size, 1, "self_attn.k_proj");
    i2v_load_linear_f32(loader, &layer->qkv, size, size, 1, "self_attn.v_proj");
    i2v_load_linear_f32(loader, &layer->out_proj, size, size, 1, "self_attn.out_proj");
    i2v_load_norm(loader, &layer->layer_norm2, size, 1, config->layer_norm_eps, "layer_norm2");
    i2v_load_linear_f32(loader, &layer->fc1, size, config->intermediate_size, 1, "mlp.fc1");
    i2v_load_linear_f32(loader, &layer->fc2, config->intermediate_size, size, 1, "mlp.fc2");
    i2v_loader_leave(loader);
}

static int patches_per_side(const i2v_clip_config *config) {
    return config->image_size / config->patch_size;
}

void i2v_clip_load(i2v_loader *loader, i2v_clip *clip, const i2v_clip_config *config) {
    int size = config->hidden_size;
    int patches = patches_per_side(config) * patches_per_side(config);
    memset(clip, 0, sizeof *clip);
    clip->config = *config;
    clip->layers = i2v_load_array(loader, (size_t)config->num_hidden_layers, sizeof *clip->layers);
    if (!clip->layers) return;
    clip->patch_embedding =
        (i2v_conv){.in = 3, .out = size, .kernel = config->patch_size, .stride = config->patch_size};
    i2v_loader_enter(loader, "vision_model");
    i2v_load_conv(loader, &clip->patch_embedding, 0, "embeddings.patch_embedding");
    clip->class_embedding = i2v_load_table(loader, size, 0, "embeddings.class_embedding");
    clip->position_embedding = i2v_load_table(loader, 1 + patches, size, "embeddings.position_embedding.weight");
    /* saved by older versions of transformers */
    i2v_load_ignore_tensor(loader, "embeddings.position_ids");
    /* transformers spells it so */
    i2v_load_norm(loader, &clip->pre_layernorm, size, 1, config->layer_norm_eps, "pre_layrnorm");
    for (int i = 0; i < config->num_hidden_layers; i++) load_layer(loader, &clip->layers[i], config, i);
    i2v_load_norm(loader, &clip->post_layernorm, size, 1, config->layer_norm_eps, "post_layernorm");
    i2v_loader_leave(loader);
    i2v_load_linear_f32(loader, &clip->visual_projection, size, config->projection_dim, 0, "visual_projection");
}

/* The class token and the patches, placed: [1, 1, 1 + patches, hidden_size]. */
static i2v_tensor embed(i2v_run *run, const i2v_clip *clip, i2v_tensor pixels) {
    int size = clip->config.hidden_size;
    int side = patches_per_side(&clip->config);
    int tokens = 1 + side * side;
    i2v_tensor x = i2v_tensor_new_f32(run, 1, 1, tokens, size);
    i2v_tensor class_token = i2v_tensor_pixels(&x, 0, 0, 1), patches = i2v_tensor_pixels(&x, 0, 1, tokens - 1);
    i2v_op_conv(run, i2v_tensor_view(&patches, 1, side, side, size), pixels, &clip->patch_embedding,
                i2v_epilogue_plain());
    i2v_tensor_copy(run, class_token, clip->class_embedding);
    i2v_tensor rows = i2v_tensor_view(&x, tokens, 1, 1, size);
    i2v_op_add_vectors(run, rows, rows, clip->position_embedding);
    return x;
}

/* x += attention(norm(x)); x += mlp(norm(x)). */
static void forward_layer(i2v_run *run, const i2v_clip *clip, const i2v_clip_layer *layer, i2v_tensor x) {
    i2v_tensor attended = i2v_tensor_new_f32(run, 1, 1, x.width, x.channels);
    i2v_tensor qkv = i2v_tensor_new_f32(run, 1, 1, x.width, 3 * x.channels);
    i2v_op_linear(run, qkv, x, &layer->layer_norm1, &layer->qkv, i2v_epilogue_plain());
    i2v_op_spatial_attention(run, attended, qkv, clip->config.num_attention_heads);
    i2v_tensor_free(run, &qkv);
    i2v_op_linear(run, x, attended, NULL, &layer->out_proj, i2v_epilogue_residual(x));
    i2v_tensor_free(run, &attended);

    i2v_tensor hidden = i2v_tensor_new_f32(run, 1, 1, x.width, clip->config.intermediate_size);
    i2v_epilogue activate = i2v_epilogue_plain();
    activate.activation = clip->config.quick_gelu ? I2V_ACTIVATION_QUICK_GELU : I2V_ACTIVATION_GELU;
    i2v_op_linear(run, hidden, x, &layer->layer_norm2, &layer->fc1, activate);
    i2v_op_linear(run, x, hidden, NULL, &layer->fc2, i2v_epilogue_residual(x));
    i2v_tensor_free(run, &hidden);
}

void i2v_clip_forward(i2v_run *run, const i2v_clip *clip, i2v_tensor out, i2v_tensor pixels) {
    i2v_tensor x = embed(run, clip, pixels);
    i2v_op_layer_norm(run, x, x, &clip->pre_layernorm);
    for (int i = 0; i < clip->config.num_hidden_layers; i++) forward_layer(run, clip, &clip->layers[i], x);
    i2v_tensor class_token = i2v_tensor_view(&x, 1, 1, 1, x.channels);
    i2v_op_linear(run, out, class_token, &clip->post_layernorm, &clip->visual_projection, i2v_epilogue_plain());
    i2v_tensor_free(run, &x);
}
