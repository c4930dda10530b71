/* A tiny decoder: a file, a folder of diffusers', or a model of the hub. */
#include "pipeline/tiny_open.h"

#include "base/file.h"
#include "base/path_kind.h"
#include "base/weight_names.h"
#include "pipeline/model_place.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

/* Files of tiny decoders by the names that they are published under. The first that is there is taken: frames of
 * TAESDV flicker less. */
static const char *const published[] = {"taesdv.safetensors", "taesdv.pth", "taesd_decoder.safetensors",
                                        "taesd_decoder.pth", "taesd.safetensors"};

static const char *published_in(const char *folder) {
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (i2v_is_in(folder, published[i], i2v_is_file)) return published[i];
    return NULL;
}

static int has_weights(const char *folder) {
    i2v_weight_name names[I2V_WEIGHT_NAMES_MAX];
    int count = i2v_weight_names(names, i2v_part_kinds[I2V_PART_TINY_DECODER].stem, NULL);
    for (int i = 0; i < count; i++)
        if (i2v_is_in(folder, names[i].name, i2v_is_file)) return 1;
    return 0;
}

/* Of an AutoencoderTiny. */
static i2v_status open_folder(i2v_weights **file, const char *path, i2v_error *error) {
    const char *stem = i2v_part_kinds[I2V_PART_TINY_DECODER].stem, *name = published_in(path);
    if (has_weights(path)) return i2v_weights_open(file, path, stem, NULL, error);
    if (name)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it is not the folder of an AutoencoderTiny of diffusers', but it has %s: give %s/%s", path,
                        name, path, name);
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: it is not the folder of an AutoencoderTiny of diffusers', since it has no %s.safetensors or "
                    ".bin; give " I2V_TINY_FILES,
                    path, stem);
}

static i2v_status open_weights(i2v_weights **file, const char *path, i2v_error *error) {
    const char *kind = i2v_path_kind(path);
    if (i2v_is_file(path)) return i2v_weights_open_file(file, path, error);
    if (i2v_is_folder(path)) return open_folder(file, path, error);
    if (kind) return i2v_fail(error, I2V_ERROR_IO, "%s: it is %s, not a regular file or a folder", path, kind);
    return i2v_fail(error, I2V_ERROR_IO, "%s: there is no such file or folder; give " I2V_TINY_FILES, path);
}

/* It must be for the model's latents. */
static i2v_status check_fit(const i2v_model *model, const char *path, int is_named, i2v_error *error) {
    const i2v_tiny_config *tiny = &model->tiny;
    int channels = model->vae.latent_channels, side = i2v_model_vae_scale_factor(model);
    if (tiny->latent_channels == channels && 1 << tiny->stages == side) return I2V_OK;
    int is_published = channels == 4 && side == 8;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: the tiny decoder is for other latents than the model's: for %d channels and %d pixels a side, "
                    "not %d and %d; %s",
                    path, tiny->latent_channels, 1 << tiny->stages, channels, side,
                    is_published ? "take taesd or taesdv, which are for these (github.com/madebyollin)"
                    : is_named   ? "this model's own VAE has to decode them: leave " I2V_NAME("tiny_decoder") " out"
                                 : "this model's own VAE has to decode them");
}

/* ---- beside the model -------------------------------------------------------------------------------------------- */

int i2v_tiny_is_named(const i2v_options *options) {
    const char *name = options->tiny_decoder;
    return name && strcmp(name, I2V_TINY_DECODER_AUTO) != 0 && strcmp(name, I2V_TINY_DECODER_NONE) != 0;
}

/* *path stays NULL where there is none. */
static i2v_status find_beside(char **path, const i2v_model *model, i2v_error *error) {
    const char *own_folder = i2v_part_name(I2V_PART_TINY_DECODER);
    char *folder = i2v_is_folder(model->path) ? strdup(model->path) : i2v_path_folder(model->path);
    if (!folder) return i2v_fail_memory(error, "the model's path", 0);
    const char *name = i2v_is_in(folder, own_folder, i2v_is_folder) ? own_folder : published_in(folder);
    *path = name ? i2v_path_join(folder, name) : NULL;
    free(folder);
    return name && !*path ? i2v_fail_memory(error, "the model's path", 0) : I2V_OK;
}

/* Nobody named it: the sentence says why it is read. */
static i2v_status explain_found(i2v_status status, i2v_error *error) {
    i2v_error before;
    if (!error || status == I2V_ERROR_MEMORY) return status;
    before = *error;
    return i2v_fail(error, status,
                    "%.700s; it lies beside the model: take it away, or give " I2V_NAME("tiny_decoder") " none",
                    before.message);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static i2v_status open_path(i2v_model *model, const char *path, int is_named, i2v_error *error) {
    i2v_weights *file = NULL;
    i2v_status status = open_weights(&file, path, error);
    if (!status) status = i2v_tiny_config_find(&model->tiny, &model->weights[I2V_PART_TINY_DECODER], file, error);
    if (!status) status = check_fit(model, path, is_named, error);
    i2v_weights_close(file);
    return status;
}

static i2v_status open_named(i2v_model *model, const char *name, i2v_error *error) {
    char *path;
    i2v_status status = i2v_model_place(&path, name, NULL, error);
    if (!status) status = open_path(model, path, 1, error);
    if (!status && !(model->tiny_path = strdup(name))) status = i2v_fail_memory(error, "the tiny decoder's path", 0);
    free(path);
    return status;
}

i2v_status i2v_tiny_open(i2v_model *model, const i2v_options *options, i2v_error *error) {
    const char *name = options->tiny_decoder;
    if (i2v_tiny_is_named(options)) return open_named(model, name, error);
    if (!name || strcmp(name, I2V_TINY_DECODER_NONE) == 0) return I2V_OK;
    if (options->frame_decoder || options->frame_decoder_memory) return I2V_OK;
    i2v_status status = find_beside(&model->tiny_path, model, error);
    if (status || !model->tiny_path) return status;
    status = open_path(model, model->tiny_path, 0, error);
    return status ? explain_found(status, error) : I2V_OK;
}
