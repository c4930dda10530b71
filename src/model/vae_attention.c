/* The attention in the middle of the VAE's encoder and decoder. */
#include "model/vae_attention.h"

void i2v_vae_attention_load(i2v_loader *loader, i2v_vae_attention *attention, int channels) {
    /* files saved before diffusers 0.18 have the names of its AttentionBlock */
    static const char *const old_names[] = {"query", "key", "value", "proj_attn"};
    static const char *const new_names[] = {"to_q", "to_k", "to_v", "to_out.0"};
    const char *const *names = i2v_loader_has(loader, "query.weight") ? old_names : new_names;
    i2v_load_norm(loader, &attention->group_norm, channels, I2V_NORM_GROUPS, 1e-6, "group_norm");
    for (int i = 0; i < 3; i++) i2v_load_linear(loader, &attention->qkv, channels, channels, 1, names[i]);
    i2v_load_linear(loader, &attention->to_out, channels, channels, 1, names[3]);
}

/* All frames at once. */
static void attend(i2v_run *run, const i2v_vae_attention *attention, i2v_tensor x) {
    i2v_tensor out = i2v_tensor_new(run, x.frames, x.height, x.width, x.channels);
    i2v_tensor qkv = i2v_tensor_new(run, x.frames, x.height, x.width, 3 * x.channels);
    i2v_tensor none = {0};
    i2v_group_norm norm = i2v_group_norm_of(run, x, none, &attention->group_norm, 0, I2V_ACTIVATION_NONE);
    i2v_op_linear_normed(run, qkv, x, &norm, &attention->qkv, i2v_epilogue_plain());
    i2v_group_norm_free(run, &norm);
    i2v_op_spatial_attention(run, out, qkv, 1);
    i2v_op_linear(run, x, out, NULL, &attention->to_out, i2v_epilogue_residual(x));
    i2v_tensor_free(run, &qkv);
    i2v_tensor_free(run, &out);
}

i2v_tensor i2v_vae_attention_forward(i2v_run *run, const i2v_vae_attention *attention, i2v_tensor x) {
    int batch = i2v_run_batch(run, x.frames, (int64_t)x.height * x.width * x.channels);
    for (int first = 0; first < x.frames; first += batch) {
        attend(run, attention, i2v_tensor_frames(&x, first, batch));
    }
    return x;
}
