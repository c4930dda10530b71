/* A tiny decoder: a file, a folder of diffusers', or a model of the hub. */
#include "pipeline/tiny_open.h"

#include "base/file.h"
#include "base/path_kind.h"
#include "pipeline/model_missing.h"
#include "pipeline/model_place.h"
#include "weights/weights.h"

#include <stdlib.h>

static i2v_status open_weights(i2v_weights **file, const char *path, i2v_error *error) {
    const char *kind = i2v_path_kind(path);
    if (i2v_is_file(path)) return i2v_weights_open_file(file, path, error);
    if (!i2v_is_folder(path))
        return kind ? i2v_fail(error, I2V_ERROR_IO, "%s: it is %s, not a regular file or a folder", path, kind)
                    : i2v_model_missing(path, error);
    return i2v_weights_open(file, path, i2v_part_kinds[I2V_PART_TINY_DECODER].stem, NULL, error);
}

/* It must be for the model's latents. */
static i2v_status check_fit(const i2v_model *model, const char *path, i2v_error *error) {
    const i2v_tiny_config *tiny = &model->tiny;
    if (tiny->latent_channels == model->vae.latent_channels && 1 << tiny->stages == i2v_model_vae_scale_factor(model))
        return I2V_OK;
    return i2v_fail(
        error, I2V_ERROR_MODEL,
        "%s: the tiny decoder is for other latents than the VAE's (%d channels, %d pixels a side, not %d and "
        "%d); the published taesd and taesdv are for Stable Video Diffusion's, of 4 channels and 8 pixels",
        path, tiny->latent_channels, 1 << tiny->stages, model->vae.latent_channels, i2v_model_vae_scale_factor(model));
}

i2v_status i2v_tiny_open(i2v_model *model, const i2v_options *options, i2v_error *error) {
    if (!options->tiny_decoder) return I2V_OK;
    char *path;
    i2v_weights *file = NULL;
    i2v_status status = i2v_model_place(&path, options->tiny_decoder, NULL, error);
    if (!status) status = open_weights(&file, path, error);
    if (!status) status = i2v_tiny_config_find(&model->tiny, &model->weights[I2V_PART_TINY_DECODER], file, error);
    if (!status) status = check_fit(model, path, error);
    i2v_weights_close(file);
    free(path);
    return status;
}
