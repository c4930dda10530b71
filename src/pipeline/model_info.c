/* i2v_get_model_info: what an opened model is. */
#include "pipeline/engine.h"

#include <stdio.h>

/* "320, 640, 1280" into text. */
static void list(char *text, size_t size, const int *values, int count) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%d", i ? ", " : "", values[i]);
    }
}

static void describe(i2v_engine *engine) {
    char channels[96], heads[48];
    size_t size = sizeof engine->sizes[0];
    list(channels, sizeof channels, engine->unet.block_out_channels, engine->unet.levels);
    list(heads, sizeof heads, engine->unet.num_attention_heads, engine->unet.levels);
    snprintf(engine->sizes[I2V_PART_UNET], size, "channels %s; heads %s; layers %d", channels, heads,
             engine->unet.layers_per_block[0]);
    const i2v_vae_config *vaes[] = {&engine->vae, &engine->decoder};
    for (int i = 0; i < 2; i++) {
        list(channels, sizeof channels, vaes[i]->block_out_channels, vaes[i]->levels);
        snprintf(engine->sizes[i == 0 ? I2V_PART_VAE : I2V_PART_FRAME_DECODER], size,
                 "channels %s; latent channels %d; layers %d", channels, vaes[i]->latent_channels,
                 vaes[i]->layers_per_block);
    }
    snprintf(engine->sizes[I2V_PART_IMAGE_ENCODER], size, "hidden %d; layers %d; heads %d; patch %d",
             engine->clip.hidden_size, engine->clip.num_hidden_layers, engine->clip.num_attention_heads,
             engine->clip.patch_size);
}

i2v_status i2v_get_model_info(i2v_engine *engine, i2v_model_info *info) {
    static const struct {
        const char *name, *class_name;
    } parts[I2V_PARTS_COUNT] = {
        [I2V_PART_UNET] = {"unet", "UNetSpatioTemporalConditionModel"},
        [I2V_PART_VAE] = {"vae", "AutoencoderKLTemporalDecoder"},
        [I2V_PART_IMAGE_ENCODER] = {"image_encoder", "CLIPVisionModelWithProjection"},
        [I2V_PART_FRAME_DECODER] = {"frame_decoder", "AutoencoderKL"},
    };
    if (info) *info = (i2v_model_info){0};
    i2v_status status = i2v_engine_check_opened(engine);
    if (!status) status = i2v_require(&engine->error, "info", info, NULL);
    if (status) return status;
    *info = (i2v_model_info){.path = engine->path,
                             .pipeline = "StableVideoDiffusionPipeline",
                             .scheduler = "EulerDiscreteScheduler",
                             .num_frames = engine->unet.num_frames,
                             .latent_channels = engine->unet.out_channels,
                             .vae_scale_factor = i2v_engine_scale(engine),
                             .parts_count =
                                 engine->weights[I2V_PART_FRAME_DECODER] ? I2V_PARTS_COUNT : I2V_PART_FRAME_DECODER,
                             .dtype = engine->element == I2V_ELEMENT_BF16 ? I2V_DTYPE_BF16 : I2V_DTYPE_F32,
                             .backend = engine->backend->name,
                             .sigma_schedule = engine->scheduler.sigma_schedule,
                             .threads = i2v_team_size(engine->device.team)};
    info->warnings = i2v_lora_warnings(engine->lora, &info->warnings_count);
    i2v_engine_default_size(engine, &info->width, &info->height);
    describe(engine);
    for (size_t i = 0; i < info->parts_count; i++) {
        const i2v_weights *weights = engine->weights[i];
        info->parts[i] = (i2v_part_info){.name = parts[i].name,
                                         .class_name = parts[i].class_name,
                                         .dtype = i2v_weights_dtype_name(weights),
                                         .sizes = engine->sizes[i],
                                         .parameters = i2v_weights_parameters(weights),
                                         .bytes = i2v_weights_bytes(weights)};
    }
    /* without a frame decoder, the decoder is the VAE's */
    size_t decoder = info->parts_count > I2V_PART_FRAME_DECODER ? I2V_PART_FRAME_DECODER : I2V_PART_VAE;
    info->parts[decoder].class_name =
        parts[engine->decoder.temporal_decoder ? I2V_PART_VAE : I2V_PART_FRAME_DECODER].class_name;
    return I2V_OK;
}
