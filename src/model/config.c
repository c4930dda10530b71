/* The sizes of each part, from its config.json. */
#include "model/config.h"

#include "json/config.h"

#include <math.h>
#include <string.h>

#define MAX_CHANNELS 65536

/* Fails unless the file says it configures class_name. */
static void expect_class(i2v_config *c, const char *class_name) {
    char found[128];
    i2v_config_string(c, "_class_name", "", found, sizeof found);
    if (strcmp(found, class_name) != 0) {
        i2v_config_fail(c, "this is the configuration of %s, not of a %s", found[0] ? found : "something unnamed",
                        class_name);
    }
}

/* A value per level: one int for all, or an array of exactly `levels`. */
static void per_level(i2v_config *c, const char *key, int fallback, int *values, int levels, int high) {
    int found[I2V_MAX_LEVELS];
    int count = i2v_config_ints(c, key, found, I2V_MAX_LEVELS, 1, high);
    if (count > 1 && count != levels) i2v_config_fail(c, "%s has %d values for %d blocks", key, count, levels);
    for (int i = 0; i < levels; i++) {
        values[i] = count == 0 ? fallback : count == levels ? found[i] : found[0];
    }
}

static void read_channels(i2v_config *c, const int *fallback, int fallback_levels, int *channels, int *levels) {
    *levels = i2v_config_ints(c, "block_out_channels", channels, I2V_MAX_LEVELS, 1, MAX_CHANNELS);
    if (*levels == 0) {
        *levels = fallback_levels;
        memcpy(channels, fallback, (size_t)fallback_levels * sizeof *channels);
    }
}

/* What has to hold of the levels' channels; path is the configuration's or the weights'. */
static i2v_status check_channels(const int *channels, int levels, const char *path, i2v_error *error) {
    for (int i = 0; i < levels; i++) {
        if (channels[i] % I2V_NORM_GROUPS != 0) {
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: block_out_channels has %d, which is not a multiple of %d",
                            path, channels[i], I2V_NORM_GROUPS);
        }
    }
    return I2V_OK;
}

/* down_block_types or up_block_types: flags of those with attention. */
static void read_block_types(i2v_config *c, const char *key, const char *with, const char *without, int first_without,
                             int *attention, int levels) {
    int count = i2v_config_length(c, key);
    if (count != 0 && count != levels) i2v_config_fail(c, "%s has %d values for %d blocks", key, count, levels);
    for (int i = 0; i < levels; i++) {
        attention[i] = i != first_without;
        if (i >= count) continue;
        char type[64];
        i2v_config_string_at(c, key, i, type, sizeof type);
        attention[i] = strcmp(type, with) == 0;
        if (!attention[i] && strcmp(type, without) != 0) {
            i2v_config_fail(c, "%s names %s, which is not implemented (%s and %s are)", key, type, with, without);
        }
    }
}

/* sample_size: only a [height, width] pair says something about the size of videos. */
static void read_sample_size(i2v_config *c, i2v_unet_config *config) {
    int size[2];
    if (i2v_config_ints(c, "sample_size", size, 2, 1, 4096) == 2) {
        config->sample_height = size[0];
        config->sample_width = size[1];
    }
}

static void read_cross_attention_dim(i2v_config *c, i2v_unet_config *config) {
    int dims[I2V_MAX_LEVELS];
    per_level(c, "cross_attention_dim", 1024, dims, config->levels, MAX_CHANNELS);
    config->cross_attention_dim = dims[0];
    for (int i = 1; i < config->levels; i++) {
        if (dims[i] != dims[0]) {
            i2v_config_fail(c, "cross_attention_dim differs between blocks, but there is one image embedding for all");
        }
    }
}

i2v_status i2v_unet_config_check(const i2v_unet_config *config, const char *file, i2v_error *error) {
    i2v_status status = check_channels(config->block_out_channels, config->levels, file, error);
    if (status) return status;
    if (config->in_channels != 2 * config->out_channels) {
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: in_channels is %d and out_channels %d: the first must be twice the second", file,
                        config->in_channels, config->out_channels);
    }
    if (config->projection_class_embeddings_input_dim != 3 * config->addition_time_embed_dim) {
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: projection_class_embeddings_input_dim is %d, which is not 3 times addition_time_embed_dim",
                        file, config->projection_class_embeddings_input_dim);
    }
    if (config->addition_time_embed_dim % 2 != 0) {
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: an odd addition_time_embed_dim (%d) is not implemented", file,
                        config->addition_time_embed_dim);
    }
    for (int i = 0; i < config->levels; i++) {
        if (config->block_out_channels[i] % config->num_attention_heads[i] != 0) {
            return i2v_fail(error, I2V_ERROR_MODEL,
                            "%s: block_out_channels has %d, which num_attention_heads (%d) does not divide", file,
                            config->block_out_channels[i], config->num_attention_heads[i]);
        }
    }
    return I2V_OK;
}

static void read_unet(i2v_unet_config *config, i2v_config *c) {
    static const int channels[] = {320, 640, 1280, 1280};
    static const int heads[] = {5, 10, 20, 20};
    expect_class(c, "UNetSpatioTemporalConditionModel");
    read_channels(c, channels, 4, config->block_out_channels, &config->levels);
    int levels = config->levels;
    config->in_channels = i2v_config_int(c, "in_channels", 8, 2, 1024);
    config->out_channels = i2v_config_int(c, "out_channels", 4, 1, 512);
    read_block_types(c, "down_block_types", "CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal", levels - 1,
                     config->down_attention, levels);
    read_block_types(c, "up_block_types", "CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal", 0,
                     config->up_attention, levels);
    per_level(c, "layers_per_block", 2, config->layers_per_block, levels, I2V_MAX_LAYERS);
    per_level(c, "transformer_layers_per_block", 1, config->transformer_layers_per_block, levels, 64);
    per_level(c, "num_attention_heads", 1, config->num_attention_heads, levels, 1024);
    if (!i2v_config_has(c, "num_attention_heads")) {
        for (int i = 0; i < levels; i++) config->num_attention_heads[i] = i < 4 ? heads[i] : 20;
    }
    read_cross_attention_dim(c, config);
    config->addition_time_embed_dim = i2v_config_int(c, "addition_time_embed_dim", 256, 2, 65536);
    config->projection_class_embeddings_input_dim =
        i2v_config_int(c, "projection_class_embeddings_input_dim", 768, 1, 3 * 65536);
    config->num_frames = i2v_config_int(c, "num_frames", 25, 1, 4096);
    read_sample_size(c, config);
}

/* NAME_read and NAME_read_text of a part: open, read, close, check. */
#define DEFINE_READERS(name, read)                                                                                     \
    static i2v_status name##_finish(i2v_##name##_config *config, i2v_config *c, const char *source,                    \
                                    i2v_error *error) {                                                                \
        *config = (i2v_##name##_config){0};                                                                            \
        read(config, c);                                                                                               \
        i2v_status status = i2v_config_close(c, error);                                                                \
        return status ? status : i2v_##name##_config_check(config, source, error);                                     \
    }                                                                                                                  \
    i2v_status i2v_##name##_config_read(i2v_##name##_config *config, const char *path, i2v_error *error) {             \
        i2v_config *c = NULL;                                                                                          \
        i2v_status status = i2v_config_open(&c, path, error);                                                          \
        return status ? status : name##_finish(config, c, path, error);                                                \
    }                                                                                                                  \
    i2v_status i2v_##name##_config_read_text(i2v_##name##_config *config, const char *text, const char *source,        \
                                             i2v_error *error) {                                                       \
        i2v_config *c = NULL;                                                                                          \
        i2v_status status = i2v_config_open_text(&c, text, source, error);                                             \
        return status ? status : name##_finish(config, c, source, error);                                              \
    }

DEFINE_READERS(unet, read_unet)

/* One block type for all levels, or the class's default of one block. */
static void expect_block_types(i2v_config *c, const char *key, const char *wanted, int levels) {
    int types = i2v_config_length(c, key);
    if ((types ? types : 1) != levels) i2v_config_fail(c, "%s has %d values for %d blocks", key, types, levels);
    for (int i = 0; i < types; i++) {
        char type[64];
        i2v_config_string_at(c, key, i, type, sizeof type);
        if (strcmp(type, wanted) != 0) {
            i2v_config_fail(c, "%s names %s, which is not implemented (%s is)", key, type, wanted);
        }
    }
}

/* What only the class AutoencoderKL has. */
static void read_frame_decoder(i2v_config *c, i2v_vae_config *config) {
    expect_block_types(c, "up_block_types", "UpDecoderBlock2D", config->levels);
    i2v_config_int(c, "norm_num_groups", I2V_NORM_GROUPS, I2V_NORM_GROUPS, I2V_NORM_GROUPS);
    char activation[64];
    i2v_config_string(c, "act_fn", "silu", activation, sizeof activation);
    if (strcmp(activation, "silu") != 0) {
        i2v_config_fail(c, "act_fn is %s, which is not implemented (silu is)", activation);
    }
    if (!i2v_config_bool(c, "mid_block_add_attention", 1)) {
        i2v_config_fail(c, "mid_block_add_attention is false: not implemented");
    }
    static const char *const shifts[] = {"shift_factor", "latents_mean", "latents_std"};
    for (int i = 0; i < 3; i++) {
        if (i2v_config_has(c, shifts[i])) i2v_config_fail(c, "%s is given, which is not implemented", shifts[i]);
    }
    config->has_quant_conv = i2v_config_bool(c, "use_quant_conv", 1);
    config->has_post_quant_conv = i2v_config_bool(c, "use_post_quant_conv", 1);
    config->decoder_mid_attention = 1;
}

i2v_status i2v_vae_config_check(const i2v_vae_config *config, const char *file, i2v_error *error) {
    if (config->levels < 1 || config->layers_per_block < 1 || config->latent_channels < 1) {
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: its VAE has no layers", file);
    }
    return check_channels(config->block_out_channels, config->levels, file, error);
}

static void read_vae(i2v_vae_config *config, i2v_config *c) {
    static const int channels[] = {64};
    char class_name[128];
    i2v_config_string(c, "_class_name", "", class_name, sizeof class_name);
    config->temporal_decoder = strcmp(class_name, "AutoencoderKL") != 0;
    if (config->temporal_decoder) expect_class(c, "AutoencoderKLTemporalDecoder");
    read_channels(c, channels, 1, config->block_out_channels, &config->levels);
    expect_block_types(c, "down_block_types", "DownEncoderBlock2D", config->levels);
    i2v_config_int(c, "in_channels", 3, 3, 3);
    i2v_config_int(c, "out_channels", 3, 3, 3);
    config->layers_per_block = i2v_config_int(c, "layers_per_block", 1, 1, I2V_MAX_LAYERS - 1);
    config->latent_channels = i2v_config_int(c, "latent_channels", 4, 1, 512);
    config->scaling_factor = i2v_config_double(c, "scaling_factor", 0.18215, 1e-6, 1e6);
    /* the temporal decoder makes layers_per_block resnets for its middle and runs them in pairs after the first */
    config->decoder_mid_attention = config->layers_per_block >= 2;
    config->has_quant_conv = 1;
    if (!config->temporal_decoder) read_frame_decoder(c, config);
}

DEFINE_READERS(vae, read_vae)

i2v_status i2v_clip_config_check(const i2v_clip_config *config, const char *file, i2v_error *error) {
    if (config->image_size != 224) {
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: image_size is %d, but the pipeline gives pictures of 224 x 224",
                        file, config->image_size);
    }
    if (config->patch_size > config->image_size) {
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: patch_size is larger than image_size", file);
    }
    if (config->hidden_size % config->num_attention_heads != 0) {
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: num_attention_heads (%d) does not divide hidden_size (%d)", file,
                        config->num_attention_heads, config->hidden_size);
    }
    return I2V_OK;
}

static void read_clip(i2v_clip_config *config, i2v_config *c) {
    char type[64];
    i2v_config_string(c, "model_type", "", type, sizeof type);
    if (strcmp(type, "clip_vision_model") != 0) {
        i2v_config_fail(c, "this is the configuration of a %s, not of a clip_vision_model",
                        type[0] ? type : "(no model_type)");
    }
    config->hidden_size = i2v_config_int(c, "hidden_size", 768, 1, MAX_CHANNELS);
    config->intermediate_size = i2v_config_int(c, "intermediate_size", 3072, 1, 4 * MAX_CHANNELS);
    config->num_hidden_layers = i2v_config_int(c, "num_hidden_layers", 12, 1, 256);
    config->num_attention_heads = i2v_config_int(c, "num_attention_heads", 12, 1, 1024);
    config->image_size = i2v_config_int(c, "image_size", 224, 1, 4096);
    config->patch_size = i2v_config_int(c, "patch_size", 32, 1, 4096);
    config->projection_dim = i2v_config_int(c, "projection_dim", 512, 1, MAX_CHANNELS);
    config->layer_norm_eps = i2v_config_double(c, "layer_norm_eps", 1e-5, 0, 1);
    i2v_config_int(c, "num_channels", 3, 3, 3);
    char activation[64];
    i2v_config_string(c, "hidden_act", "quick_gelu", activation, sizeof activation);
    config->quick_gelu = strcmp(activation, "quick_gelu") == 0;
    if (!config->quick_gelu && strcmp(activation, "gelu") != 0) {
        i2v_config_fail(c, "hidden_act %s is not implemented (gelu and quick_gelu are)", activation);
    }
}

DEFINE_READERS(clip, read_clip)

void i2v_normalization_default(i2v_normalization *normalization) {
    *normalization = (i2v_normalization){{0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}};
}

i2v_status i2v_normalization_read(i2v_normalization *normalization, const char *path, i2v_error *error) {
    i2v_normalization_default(normalization);
    i2v_config *c = NULL;
    i2v_status status = i2v_config_open(&c, path, error);
    if (status) return status;
    double values[3];
    int count = i2v_config_doubles(c, "image_mean", values, 3);
    if (count == 3) memcpy(normalization->mean, values, sizeof values);
    if (count != 0 && count != 3) i2v_config_fail(c, "image_mean has %d values, not 3", count);
    count = i2v_config_doubles(c, "image_std", values, 3);
    if (count == 3) memcpy(normalization->deviation, values, sizeof values);
    if (count != 0 && count != 3) i2v_config_fail(c, "image_std has %d values, not 3", count);
    for (int i = 0; i < 3; i++) {
        if (!(fabs(normalization->mean[i]) <= 1000)) i2v_config_fail(c, "image_mean has a value beyond 1000");
        if (!(normalization->deviation[i] >= 1e-6)) i2v_config_fail(c, "image_std has a value below 1e-6");
    }
    return i2v_config_close(c, error);
}
