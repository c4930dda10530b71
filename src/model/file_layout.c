/* Which parts one safetensors file holds, told by its tensors' names. */
#include "model/file_layout.h"

#include "base/text.h"
#include "weights/lora_names.h"

#include <stdio.h>
#include <string.h>

static int has(const i2v_weights *file, const char *prefix, const char *rest) {
    char name[I2V_NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, rest);
    return i2v_weights_have(file, name);
}

/* ---- which prefixes a part may have ---- */

/* A prefix of such names as the marker stands in is this part's. */
typedef int (*prefix_check)(const i2v_weights *file, const char *prefix);

static int any_prefix(const i2v_weights *file, const char *prefix) {
    (void)file;
    (void)prefix;
    return 1;
}

/* The VAE's halves have blocks of the same names in diffusers. */
static int is_unet_prefix(const i2v_weights *file, const char *prefix) {
    (void)file;
    return !i2v_ends_with(prefix, "encoder.") && !i2v_ends_with(prefix, "decoder.");
}

/* The conditioner's encoder is the one that SVD was trained with. The one beside the temporal decoder, without
 * quant_conv, is the only one that ComfyUI uses and saves. */
static int is_encoder_prefix(const i2v_weights *file, const char *prefix) {
    return has(file, prefix, "quant_conv.");
}

/* Not of the conditioner's autoencoder, whose decoder is not used, and whose encoder is nothing without quant_conv. */
static int is_first_stage_prefix(const i2v_weights *file, const char *prefix) {
    (void)file;
    return !i2v_starts_with(prefix, "conditioner.");
}

/* open_clip's text transformer has blocks of the same names. */
static int is_visual_prefix(const i2v_weights *file, const char *prefix) {
    return i2v_ends_with(prefix, "visual.") || has(file, prefix, "conv1.");
}

/* Where marker stands in name as a whole component, or NULL. */
static const char *find_marker(const char *name, const char *marker) {
    for (const char *at = strstr(name, marker); at; at = strstr(at + 1, marker)) {
        if (at == name || at[-1] == '.') return at;
    }
    return NULL;
}

/* The part's prefix: `usual` if the marker stands behind it, else the first in the order of names. */
static void find_part(i2v_file_part *part, const i2v_weights *file, i2v_naming naming, const char *marker,
                      const char *usual, prefix_check check) {
    if (part->naming != I2V_NAMING_NONE) return;
    if (has(file, usual, marker) && check(file, usual)) {
        part->naming = naming;
        snprintf(part->prefix, sizeof part->prefix, "%s", usual);
        return;
    }
    for (size_t i = 0; i < i2v_weights_count(file); i++) {
        const char *name = i2v_weights_at(file, i)->name, *at = find_marker(name, marker);
        if (!at || (size_t)(at - name) >= sizeof part->prefix) continue;
        snprintf(part->prefix, sizeof part->prefix, "%.*s", (int)(at - name), name);
        if (!check(file, part->prefix)) continue;
        part->naming = naming;
        return;
    }
    part->prefix[0] = '\0';
}

/* ---- what else a file may hold ---- */

/* prefix + one of names (NULL at the end) begins name. */
static int is_one_of(const char *name, const char *prefix, const char *const *names) {
    if (!i2v_starts_with(name, prefix)) return 0;
    for (; *names; names++)
        if (i2v_starts_with(name + strlen(prefix), *names)) return 1;
    return 0;
}

static int is_part(const i2v_file_part *part, const char *name) {
    return part->naming != I2V_NAMING_NONE && i2v_starts_with(name, part->prefix);
}

/* The text side of CLIP, beside its visual one. */
static int is_of_text(const i2v_file_part *image_encoder, const char *name) {
    static const char *const texts[] = {"token_embedding.", "positional_embedding", "transformer.",
                                        "ln_final.",        "text_projection",      "logit_",
                                        "attn_mask",        "text_model.",          NULL};
    char parent[sizeof image_encoder->prefix];
    snprintf(parent, sizeof parent, "%s", image_encoder->prefix);
    if (i2v_ends_with(parent, "visual.")) parent[strlen(parent) - strlen("visual.")] = '\0';
    return image_encoder->naming != I2V_NAMING_NONE && is_one_of(name, parent, texts);
}

/* What trainers and ComfyUI keep beside the parts: the noise levels of discrete schedules, which this model does not
 * use, counters, and marks of what is so anyway (v-prediction). pipeline/file_settings.c reads those with a value. */
static int is_marker(const char *name) {
    static const char *const markers[] = {"v_pred",
                                          "edm_vpred.sigma_max",
                                          "edm_vpred.sigma_min",
                                          "scale_factor",
                                          "betas",
                                          "alphas_cumprod",
                                          "alphas_cumprod_prev",
                                          "sqrt_alphas_cumprod",
                                          "sqrt_one_minus_alphas_cumprod",
                                          "log_one_minus_alphas_cumprod",
                                          "sqrt_recip_alphas_cumprod",
                                          "sqrt_recipm1_alphas_cumprod",
                                          "posterior_variance",
                                          "posterior_log_variance_clipped",
                                          "posterior_mean_coef1",
                                          "posterior_mean_coef2",
                                          "logvar",
                                          "lvlb_weights",
                                          "global_step",
                                          "epoch"};
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
        if (strcmp(name, markers[i]) == 0) return 1;
    return 0;
}

static int is_known(const i2v_file_layout *layout, const char *name) {
    static const char *const others[] = {"denoiser.",
                                         "loss_fn.",
                                         "model_ema.",
                                         "conditioner.embedders.0.open_clip.mean",
                                         "conditioner.embedders.0.open_clip.std",
                                         NULL};
    static const char *const autoencoder[] = {"encoder.", "decoder.",        "quant_conv.", "post_quant_conv.",
                                              "loss.",    "regularization.", NULL};
    return is_part(&layout->unet, name) || is_part(&layout->image_encoder, name) ||
           is_one_of(name, layout->encoder.prefix, autoencoder) ||
           is_one_of(name, layout->decoder.prefix, autoencoder) || is_one_of(name, "first_stage_model.", autoencoder) ||
           is_one_of(name, "conditioner.embedders.3.encoder.", autoencoder) ||
           is_of_text(&layout->image_encoder, name) || is_one_of(name, "", others) || is_marker(name);
}

/* Marks of models that are sampled otherwise than Stable Video Diffusion. */
static i2v_status check_sampling(const i2v_weights *file, i2v_error *error) {
    static const struct {
        const char *name, *means;
    } marks[] = {{"ztsnr", "is for a schedule that ends in pure noise (zero terminal SNR)"},
                 {"edm_mean", "has latents of another mean"},
                 {"edm_std", "has latents of another deviation"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const i2v_weight *mark = i2v_weights_find(file, marks[i].name);
        if (!mark) continue;
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s: tensor %s says that the model %s, which is not supported; if that is not so, save the "
                        "file without this tensor",
                        mark->file, mark->name, marks[i].means);
    }
    return I2V_OK;
}

/* A tensor that nobody knows may be of a part that would change the frames. */
static i2v_status check_rest(const i2v_file_layout *layout, const i2v_weights *file, i2v_error *error) {
    const i2v_weight *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < i2v_weights_count(file); i++) {
        const i2v_weight *weight = i2v_weights_at(file, i);
        if (is_known(layout, weight->name)) continue;
        if (!first) first = weight;
        count++;
    }
    if (!first) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: tensor %s has no place in Stable Video Diffusion (%zu such in all): the file is of a kind "
                    "that is not supported",
                    first->file, first->name, count);
}

/* A LoRA is no model; nor is a UNet that peft has wrapped in one. */
static i2v_status check_no_lora(const i2v_weights *file, i2v_error *error) {
    char layer[I2V_LORA_NAME_SIZE];
    const i2v_weight *found = NULL;
    int is_wrapped = 0;
    for (size_t i = 0; i < i2v_weights_count(file); i++) {
        const i2v_weight *weight = i2v_weights_at(file, i);
        i2v_lora_role role = i2v_lora_read_name(weight->name, layer);
        if (role == I2V_LORA_DOWN || role == I2V_LORA_UP) found = weight;
        is_wrapped |= strstr(weight->name, ".base_layer.") != NULL;
    }
    if (!found) return I2V_OK;
    if (is_wrapped)
        return i2v_fail(
            error, I2V_ERROR_MODEL,
            "%s: it holds a LoRA that is not merged (tensor %s); merge it in peft (merge_and_unload), and save "
            "the model then",
            found->file, found->name);
    return i2v_fail(
        error, I2V_ERROR_MODEL,
        "%s: it is a LoRA (tensor %s), no model; give a model as " I2V_NAME("model") ", and this as " I2V_NAME("lora"),
        found->file, found->name);
}

i2v_status i2v_file_layout_read(i2v_file_layout *layout, const i2v_weights *file, i2v_error *error) {
    *layout = (i2v_file_layout){0};
    i2v_status status = check_no_lora(file, error);
    if (status) return status;
    find_part(&layout->unet, file, I2V_NAMING_STABILITY, "input_blocks.", "model.diffusion_model.", any_prefix);
    find_part(&layout->unet, file, I2V_NAMING_DIFFUSERS, "down_blocks.", "", is_unet_prefix);
    find_part(&layout->encoder, file, I2V_NAMING_STABILITY, "encoder.down.", "conditioner.embedders.3.encoder.",
              is_encoder_prefix);
    find_part(&layout->encoder, file, I2V_NAMING_DIFFUSERS, "encoder.down_blocks.", "", any_prefix);
    find_part(&layout->encoder, file, I2V_NAMING_STABILITY, "encoder.down.", "first_stage_model.",
              is_first_stage_prefix);
    find_part(&layout->decoder, file, I2V_NAMING_STABILITY, "decoder.up.", "first_stage_model.", is_first_stage_prefix);
    find_part(&layout->decoder, file, I2V_NAMING_DIFFUSERS, "decoder.up_blocks.", "", any_prefix);
    find_part(&layout->image_encoder, file, I2V_NAMING_STABILITY, "transformer.resblocks.",
              "conditioner.embedders.0.open_clip.model.visual.", is_visual_prefix);
    find_part(&layout->image_encoder, file, I2V_NAMING_DIFFUSERS, "vision_model.", "", any_prefix);
    find_part(&layout->image_encoder, file, I2V_NAMING_DIFFUSERS, "embeddings.patch_embedding.", "", any_prefix);
    if (!layout->unet.naming && !layout->encoder.naming && !layout->decoder.naming && !layout->image_encoder.naming) {
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: no part of Stable Video Diffusion is recognised in it (its first tensor is %s)",
                        i2v_weights_path(file), i2v_weights_at(file, 0)->name);
    }
    /* a part of diffusers alone: every name in it is asked for, or refused, when it is bound */
    int is_whole = layout->unet.naming == I2V_NAMING_STABILITY || layout->encoder.naming == I2V_NAMING_STABILITY ||
                   layout->decoder.naming == I2V_NAMING_STABILITY ||
                   layout->image_encoder.naming == I2V_NAMING_STABILITY;
    if (!is_whole) return I2V_OK;
    status = check_sampling(file, error);
    return status ? status : check_rest(layout, file, error);
}
