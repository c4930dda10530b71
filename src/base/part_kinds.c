/* The table of a model's parts: their names here and in diffusers, and where they lie. */
#include "base/part_kinds.h"

#include "base/parameters.h"

#define FIELDS(field) offsetof(i2v_options, field), offsetof(i2v_options, field##_memory)

const i2v_part_kind i2v_part_kinds[I2V_PARTS_COUNT] = {
    [I2V_PART_UNET] = {"UNet", "a UNet", "UNetSpatioTemporalConditionModel", "unet", "diffusion_pytorch_model",
                       "img2vid.unet_config", "_class_name", "UNetSpatioTemporalConditionModel", NULL, FIELDS(unet)},
    [I2V_PART_VAE] = {"VAE", "a VAE", "AutoencoderKLTemporalDecoder", "vae", "diffusion_pytorch_model",
                      "img2vid.vae_config", "_class_name", "AutoencoderKLTemporalDecoder", "AutoencoderKL",
                      FIELDS(vae)},
    [I2V_PART_IMAGE_ENCODER] = {"image encoder", "an image encoder", "CLIPVisionModelWithProjection", "image_encoder",
                                "model", "img2vid.image_encoder_config", "model_type", "clip_vision_model", NULL,
                                FIELDS(image_encoder)},
    [I2V_PART_FRAME_DECODER] = {"VAE decoder", "a VAE that decodes frame by frame", "AutoencoderKL", "vae",
                                "diffusion_pytorch_model", "img2vid.vae_config", "_class_name", "AutoencoderKL",
                                "AutoencoderKLTemporalDecoder", FIELDS(frame_decoder)},
    [I2V_PART_TINY_DECODER] = {"tiny decoder", "a tiny decoder", "AutoencoderTiny", "vae", "diffusion_pytorch_model",
                               "img2vid.tiny_decoder_config", "_class_name", "AutoencoderTiny", NULL,
                               offsetof(i2v_options, tiny_decoder), 0},
};

const char *i2v_part_name(i2v_part part) {
    return i2v_parameter_of_field(I2V_STRUCT_OPTIONS, i2v_part_kinds[part].path)->name;
}

const i2v_settings_kind i2v_settings_kinds[I2V_SETTINGS_COUNT] = {
    [I2V_SETTINGS_EXTRACTOR] = {"feature_extractor", "preprocessor_config.json"},
    [I2V_SETTINGS_SCHEDULER] = {"scheduler", "scheduler_config.json"},
};
