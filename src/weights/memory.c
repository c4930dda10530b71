/* Tensors that a caller holds in memory, in place of a file's. */
#include "weights/safetensors.h"
#include "weights/scales.h"
#include "weights/set_struct.h"
#include "weights/weights.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Sets ndim, shape and count. */
static i2v_status take_shape(i2v_weight *weight, const i2v_memory_tensor *tensor, i2v_error *error) {
    if (tensor->ndim < 0 || tensor->ndim > I2V_WEIGHT_MAX_DIMS)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has %d dimensions; it may have 0 to %d", weight->file,
                        weight->name, tensor->ndim, I2V_WEIGHT_MAX_DIMS);
    if (tensor->ndim > 0 && !tensor->shape)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has no shape", weight->file, weight->name);
    weight->ndim = tensor->ndim;
    weight->count = 1;
    for (int i = 0; i < tensor->ndim; i++) {
        weight->shape[i] = tensor->shape[i];
        if (weight->shape[i] < 0)
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s: dimension %d of its shape is %" PRId64,
                            weight->file, weight->name, i, weight->shape[i]);
        if (__builtin_mul_overflow(weight->count, (uint64_t)weight->shape[i], &weight->count))
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has more elements than can be counted", weight->file,
                            weight->name);
    }
    return I2V_OK;
}

/* Sets dtype, bytes and place. */
static i2v_status take_values(i2v_weight *weight, const i2v_memory_tensor *tensor, i2v_error *error) {
    const i2v_weight_type *type = tensor->dtype ? i2v_weight_type_find(tensor->dtype) : NULL;
    if (!type)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has %s%.20s; F32, F16 and BF16 are computed with",
                        weight->file, weight->name, tensor->dtype ? "the unknown dtype " : "no dtype",
                        tensor->dtype ? tensor->dtype : "");
    weight->dtype = type->dtype;
    weight->dtype_name = type->name;
    if (__builtin_mul_overflow(weight->count, (uint64_t)type->bytes, &weight->bytes) || weight->bytes > PTRDIFF_MAX)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has more bytes than memory has", weight->file,
                        weight->name);
    if (weight->bytes > 0 && !tensor->data)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has no data", weight->file, weight->name);
    weight->at.data = weight->bytes > 0 ? tensor->data : (const uint8_t *)"";
    return I2V_OK;
}

static i2v_status take_tensor(i2v_weights *weights, const i2v_memory_tensor *tensor, i2v_error *error) {
    i2v_weight *weight = &weights->tensors[weights->count];
    weight->file = weights->path;
    weight->scale = 1;
    if (!tensor->name)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor number %zu of its list has no name", weights->path,
                        weights->count);
    char *name = strdup(tensor->name);
    if (!name) return i2v_fail_memory(error, weights->path, strlen(tensor->name));
    weights->owned[weights->owned_count++] = name;
    weight->name = weight->origin = name;
    weights->count++;
    i2v_status status = take_shape(weight, tensor, error);
    return status != I2V_OK ? status : take_values(weight, tensor, error);
}

static i2v_status take_tensors(i2v_weights *weights, const i2v_memory_tensor *tensors, size_t count, i2v_error *error) {
    if (count == 0 || !tensors) return i2v_fail(error, I2V_ERROR_MODEL, "%s: it has no tensors", weights->path);
    if (count > I2V_MAX_TENSORS)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: it has %zu tensors, more than %d", weights->path, count,
                        I2V_MAX_TENSORS);
    weights->tensors = calloc(count, sizeof *weights->tensors);
    weights->owned = calloc(count, sizeof *weights->owned);
    if (!weights->tensors || !weights->owned)
        return i2v_fail_memory(error, weights->path, count * sizeof *weights->tensors);
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < count; i++) status = take_tensor(weights, &tensors[i], error);
    return status == I2V_OK ? i2v_weights_index(weights, error) : status;
}

i2v_status i2v_weights_open_memory(i2v_weights **weights, const char *title, const i2v_memory_tensor *tensors,
                                   size_t count, i2v_error *error) {
    i2v_status status = i2v_weights_begin(weights, title, error);
    if (status != I2V_OK) return status;
    (*weights)->path = strdup(title);
    status = (*weights)->path ? take_tensors(*weights, tensors, count, error) : i2v_fail_memory(error, title, 0);
    return i2v_weights_opened(weights, status, error);
}
