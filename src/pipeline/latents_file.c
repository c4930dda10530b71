/* Files of latents: arrays in NumPy's format, and ComfyUI's .latent (SaveLatent and LoadLatent of nodes.py, 0.3.64),
 * safetensors with a tensor "latent_tensor". Where an empty tensor "latent_format_version_0" is beside it, its values
 * are those that the VAE decodes; without it, as older versions wrote, they are scaled, as diffusers' are. */
#include "base/free_memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

/* Of Stable Video Diffusion's latents, as of all that ComfyUI's format is for. */
static const float SCALING_FACTOR = 0.18215f;

static int is_comfyuis(const char *path) {
    return i2v_ends_with(path, ".latent");
}

/* On success the file is to be closed, and *tensor is in it. */
static i2v_status open_file(i2v_weights **file, const i2v_weight **tensor, const char *path, int64_t shape[8],
                            int *ndim, i2v_error *error) {
    *ndim = 0;
    i2v_status status = i2v_weights_open_file(file, path, error);
    if (status) return status;
    const i2v_weight *found = *tensor = i2v_weights_find(*file, "latent_tensor");
    if (!found) {
        status =
            i2v_fail(error, I2V_ERROR_FORMAT, "%s is no file of ComfyUI's SaveLatent: it has no latent_tensor", path);
    } else if (!found->at.file) {
        status = i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                          "%s holds latents whose values are not in order: save them with contiguous()", path);
    } else if (found->dtype == I2V_WEIGHT_OTHER) {
        status = i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s holds latents of type %s: save them as float32", path,
                          found->dtype_name);
    }
    if (status) {
        i2v_weights_close(*file);
        return status;
    }
    *ndim = found->ndim;
    memcpy(shape, found->shape, (size_t)found->ndim * sizeof *shape);
    return I2V_OK;
}

/* *data is to be freed, whatever is returned. */
static i2v_status read_values(float **data, const i2v_weights *file, const i2v_weight *tensor, const char *path,
                              i2v_error *error) {
    uint64_t count = tensor->count, bytes = count * sizeof **data; /* all are in the file, in two bytes or more */
    *data = bytes <= i2v_memory_budget() ? malloc(bytes ? bytes : 1) : NULL;
    if (!*data) return i2v_fail_memory(error, path, bytes);
    if (i2v_weight_read_f32(tensor, 0, count, *data) != 0) return i2v_bytes_fail(&tensor->at, error);
    if (!i2v_weights_find(file, "latent_format_version_0")) return I2V_OK;
    for (uint64_t i = 0; i < count; i++) (*data)[i] *= SCALING_FACTOR;
    return I2V_OK;
}

i2v_status i2v_latents_shape(const char *path, int64_t shape[8], int *ndim, i2v_error *error) {
    i2v_weights *file;
    const i2v_weight *tensor;
    i2v_status status = i2v_require(error, "path", path, "shape", shape, "ndim", ndim, NULL);
    if (status) return status;
    if (!is_comfyuis(path)) return i2v_array_shape(path, shape, ndim, error);
    status = open_file(&file, &tensor, path, shape, ndim, error);
    if (!status) i2v_weights_close(file);
    return status;
}

i2v_status i2v_latents_load(const char *path, float **data, const int64_t *shape, int ndim,
                            char sha256[I2V_SHA256_SIZE], i2v_error *error) {
    i2v_weights *file;
    const i2v_weight *tensor;
    int64_t found[I2V_WEIGHT_MAX_DIMS];
    int found_ndim;
    if (data) *data = NULL;
    i2v_status status = i2v_require(error, "path", path, "data", data, "shape", shape, NULL);
    if (status) return status;
    if (!is_comfyuis(path)) return i2v_array_load_same(path, data, shape, ndim, sha256, error);
    status = open_file(&file, &tensor, path, found, &found_ndim, error);
    if (status) return status;
    if (found_ndim != ndim || memcmp(found, shape, (size_t)ndim * sizeof *shape) != 0)
        status = i2v_fail(error, I2V_ERROR_IO, "%s has changed while it was in use; start again", path);
    if (!status) status = read_values(data, file, tensor, path, error);
    if (!status && sha256) status = i2v_sha256_of_file(tensor->at.file, tensor->at.file->size, sha256, error);
    if (!status) status = i2v_input_file_check(tensor->at.file, error);
    i2v_weights_close(file);
    if (status) {
        free(*data);
        *data = NULL;
    }
    return status;
}
