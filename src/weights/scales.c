/* ComfyUI's files of float8. Beside LAYER.weight is LAYER.scale_weight (in newer files LAYER.weight_scale): one value,
 * which the weight is multiplied with. Scales of activations (scale_input, input_scale) are for processors that
 * multiply float8. The tensor scaled_fp8 marks such a file. LAYER.comfy_quant, JSON as bytes, says how the layer is
 * quantised. */
#include "weights/scales.h"

#include "base/text.h"
#include "weights/set_struct.h"
#include "json/read.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 512

typedef enum { NO_SCALE, WEIGHT_SCALE, INPUT_SCALE, FORMAT, MARKER } scale_kind;

/* The kind of a tensor of that name. *layer is the length of the layer's name, with the dot. */
static scale_kind kind_of(const char *name, size_t *layer) {
    static const struct {
        const char *leaf;
        scale_kind kind;
    } leaves[] = {{"scale_weight", WEIGHT_SCALE}, {"weight_scale", WEIGHT_SCALE}, {"scale_input", INPUT_SCALE},
                  {"input_scale", INPUT_SCALE},   {"comfy_quant", FORMAT},        {"scaled_fp8", MARKER}};
    const char *dot = strrchr(name, '.'), *leaf = dot ? dot + 1 : name;
    *layer = (size_t)(leaf - name);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        if (strcmp(leaf, leaves[i].leaf) == 0) return leaves[i].kind;
    return NO_SCALE;
}

/* The weight of that layer, or NULL. */
static i2v_weight *weight_of(i2v_weights *weights, const char *name, size_t layer) {
    char wanted[NAME_SIZE];
    if (layer + sizeof "weight" > sizeof wanted) return NULL;
    snprintf(wanted, sizeof wanted, "%.*sweight", (int)layer, name);
    const i2v_weight *found = i2v_weights_find(weights, wanted);
    return found ? &weights->tensors[found - weights->tensors] : NULL;
}

static int is_of_bytes(const i2v_weight *weight) {
    return weight->dtype == I2V_WEIGHT_E4M3 || weight->dtype == I2V_WEIGHT_E5M2;
}

static i2v_status read_scale(i2v_weight *weight, const i2v_weight *scale, i2v_error *error) {
    if (!is_of_bytes(weight))
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s: tensor %s scales weights of dtype %s; scaled weights are read in F8_E4M3 and F8_E5M2",
                        scale->file, scale->name, weight->dtype_name);
    if (scale->count != 1 || scale->dtype == I2V_WEIGHT_OTHER)
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s: tensor %s has %" PRIu64 " values of dtype %s; one floating value, the scale of the whole "
                        "tensor, is read: get the file in F16",
                        scale->file, scale->name, scale->count, scale->dtype_name);
    if (i2v_weight_read_f32(scale, 0, 1, &weight->scale)) return i2v_bytes_fail(&scale->at, error);
    if (isfinite(weight->scale)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s is not a finite number: the file is damaged", scale->file,
                    scale->name);
}

/* {"format": "float8_e4m3fn", ...} */
static i2v_status check_format(const i2v_weight *weight, i2v_error *error) {
    char buffer[1024];
    const void *text =
        weight->bytes <= sizeof buffer ? i2v_bytes_read(&weight->at, 0, (size_t)weight->bytes, buffer) : NULL;
    if (!text && weight->bytes <= sizeof buffer) return i2v_bytes_fail(&weight->at, error);
    json_t *root = NULL;
    if (text) i2v_json_parse(&root, text, (size_t)weight->bytes, 0, weight->name, NULL);
    const char *format = json_string_value(json_object_get(root, "format"));
    i2v_status status = I2V_OK;
    if (!format || !i2v_starts_with(format, "float8_e"))
        status = i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                          "%s: tensor %s says that its layer is quantised as %.40s; float8_e4m3fn and float8_e5m2 are "
                          "read: get the file in F16",
                          weight->file, weight->name,
                          format && !i2v_has_control_characters(format) ? format : "something unknown");
    json_decref(root);
    return status;
}

/* The weight that the tensor is about. NULL if there is no such layer: the tensor stays, and is refused by its name. */
static i2v_weight *subject_of(i2v_weights *weights, const i2v_weight *tensor, scale_kind *kind) {
    size_t layer;
    *kind = kind_of(tensor->name, &layer);
    return *kind == NO_SCALE || *kind == MARKER ? NULL : weight_of(weights, tensor->name, layer);
}

static i2v_status apply(i2v_weights *weights, const i2v_weight *tensor, i2v_error *error) {
    scale_kind kind;
    i2v_weight *weight = subject_of(weights, tensor, &kind);
    if (!weight) return I2V_OK;
    if (kind == WEIGHT_SCALE) return read_scale(weight, tensor, error);
    return kind == FORMAT ? check_format(tensor, error) : I2V_OK;
}

/* Tensors move up in order: the set stays sorted, and names can be found meanwhile. */
static void drop(i2v_weights *weights) {
    size_t kept = 0;
    for (size_t i = 0; i < weights->count; i++) {
        scale_kind kind;
        int is_said = subject_of(weights, &weights->tensors[i], &kind) || kind == MARKER;
        if (!is_said) weights->tensors[kept++] = weights->tensors[i];
    }
    weights->count = kept;
}

/* The tensors that only say how weights are quantised are no longer in the set. */
static i2v_status take(i2v_weights *weights, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; status == I2V_OK && i < weights->count; i++)
        status = apply(weights, &weights->tensors[i], error);
    if (status == I2V_OK) drop(weights);
    if (status == I2V_OK && weights->count == 0)
        status = i2v_fail(error, I2V_ERROR_MODEL, "%s: it has no weights", weights->path);
    return status;
}

i2v_status i2v_weights_opened(i2v_weights **weights, i2v_status status, i2v_error *error) {
    if (status == I2V_OK) status = take(*weights, error);
    if (status == I2V_OK) return status;
    i2v_weights_close(*weights);
    *weights = NULL;
    return status;
}
