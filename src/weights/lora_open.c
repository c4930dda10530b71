/* LoRA files are opened: each tensor finds its layer of the model, and is checked. */
#include "base/text.h"
#include "weights/lora.h"
#include "weights/lora_config.h"
#include "weights/lora_file.h"
#include "weights/lora_names.h"
#include "weights/lora_set.h"
#include "weights/lora_variants.h"
#include "weights/tensor_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- checks ---- */

static i2v_status check_dtype(const i2v_weight *tensor, i2v_error *error) {
    if (tensor->dtype != I2V_WEIGHT_OTHER) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s: tensor %s has dtype %s; a LoRA is of F32, F16, BF16 or F8 here",
                    tensor->file, tensor->name, tensor->dtype_name);
}

static const char *shape_text(const i2v_weight *tensor, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < tensor->ndim && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, i ? ", " : "", tensor->shape[i]);
    if (used < size) snprintf(text + used, size - used, "]");
    return text;
}

static i2v_status fail_shape(const i2v_weight *tensor, const i2v_weight *target, i2v_error *error) {
    char found[256], layer[256];
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: tensor %s has shape %s, which does not fit %s of this model, %s: the LoRA is of another model",
                    tensor->file, tensor->name, shape_text(tensor, found, sizeof found), target->name,
                    shape_text(target, layer, sizeof layer));
}

/* down is [rank, ...] over the target's inputs and kernel, up [out, rank]; sides of 1 may be missing at the end, as a
 * 1 x 1 convolution is a matrix. */
static i2v_status check_shapes(i2v_lora_layer *layer, i2v_error *error) {
    const i2v_weight *target = layer->target, *down = layer->down, *up = layer->up;
    layer->rank = i2v_lora_side(down, 0);
    if (target->ndim < 2 || down->ndim < 2 || layer->rank < 1) return fail_shape(down, target, error);
    for (int i = 1; i < I2V_WEIGHT_MAX_DIMS; i++) {
        if (i2v_lora_side(down, i) != i2v_lora_side(target, i)) return fail_shape(down, target, error);
        if (i2v_lora_side(up, i) != (i == 1 ? layer->rank : 1)) return fail_shape(up, target, error);
    }
    return i2v_lora_side(up, 0) == i2v_lora_side(target, 0) ? I2V_OK : fail_shape(up, target, error);
}

static i2v_status check_complete(const i2v_lora_layer *layer, i2v_error *error) {
    if (layer->down && layer->up) return I2V_OK;
    const i2v_weight *there = layer->down ? layer->down : layer->up ? layer->up : layer->alpha;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: tensor %s is there without its %s; the file is incomplete, download it again", there->file,
                    there->name, layer->down ? "up (B) matrix" : "down (A) matrix");
}

/* What up x down is multiplied with. */
static i2v_status find_factor(i2v_lora_layer *layer, const i2v_lora_config *config, double scale, i2v_error *error) {
    char name[I2V_LORA_NAME_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)(strlen(layer->target->name) - strlen(".weight")), layer->target->name);
    double strength = 1;
    layer->alpha_said = i2v_lora_config_strength(config, name, layer->rank, &strength) || layer->alpha;
    if (layer->alpha) {
        float alpha;
        if (layer->alpha->count != 1)
            return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has %" PRIu64 " values, expected one",
                            layer->alpha->file, layer->alpha->name, layer->alpha->count);
        if (i2v_weight_read_f32(layer->alpha, 0, 1, &alpha)) return i2v_bytes_fail(&layer->alpha->at, error);
        strength = (double)alpha / (double)layer->rank;
    }
    layer->factor = (float)(scale * strength);
    if (isfinite(layer->factor)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: the strength of %s is not a finite number", layer->down->file,
                    layer->alpha ? layer->alpha->name : layer->down->name);
}

/* ---- one file ---- */

static i2v_status fail_unknown(const i2v_weight *tensor, i2v_error *error) {
    const char *kind = i2v_lora_other_kind(tensor->name);
    if (kind)
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s: tensor %s is of %s, which is not supported; LoRA alone is, with a down (A) and an up (B) "
                        "matrix a layer",
                        tensor->file, tensor->name, kind);
    int is_whole = i2v_ends_with(tensor->name, ".bias") || i2v_ends_with(tensor->name, ".weight");
    if (is_whole && !strstr(tensor->name, "lora"))
        return i2v_fail(
            error, I2V_ERROR_UNSUPPORTED,
            "%s: tensor %s was trained whole beside the LoRA (peft's bias or modules_to_save), which is "
            "not supported; merge the file in peft (merge_and_unload) and give the UNet as " I2V_NAME("unet"),
            tensor->file, tensor->name);
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s is not of a LoRA for a UNet", tensor->file, tensor->name);
}

/* Puts the tensor into its place in layers, one for each of the model's weights. */
static i2v_status place(i2v_lora_layer *layers, const i2v_lora_targets *targets, const i2v_weights *unet,
                        const i2v_weight *tensor, i2v_error *error) {
    char name[I2V_LORA_NAME_SIZE];
    i2v_lora_role role = i2v_lora_read_name(tensor->name, name);
    if (role == I2V_LORA_TEXT_ENCODER) return I2V_OK;
    if (role == I2V_LORA_NONE) return fail_unknown(tensor, error);
    const i2v_weight *target = i2v_lora_targets_find(targets, name);
    if (!target)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s is for a layer that this model's UNet does not have: the LoRA is of another "
                        "kind of model",
                        tensor->file, tensor->name);
    i2v_lora_layer *layer = &layers[target - i2v_weights_at(unet, 0)];
    const i2v_weight **field = role == I2V_LORA_DOWN ? &layer->down : role == I2V_LORA_UP ? &layer->up : &layer->alpha;
    if (*field)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensors %s and %s are the same of one layer", tensor->file,
                        (*field)->name, tensor->name);
    *field = tensor;
    layer->target = target;
    return check_dtype(tensor, error);
}

/* A file without a LoRA in it is said to be one, before any tensor of it is called wrong. */
static i2v_status check_is_lora(const i2v_tensor_file *file, i2v_error *error) {
    char name[I2V_LORA_NAME_SIZE];
    size_t text_encoder = 0;
    for (size_t i = 0; i < file->count; i++) {
        i2v_lora_role role = i2v_lora_read_name(file->tensors[i].name, name);
        /* of another kind of adapter: the tensor is named later */
        if (role <= I2V_LORA_UP || i2v_lora_other_kind(file->tensors[i].name)) return I2V_OK;
        text_encoder += role == I2V_LORA_TEXT_ENCODER;
    }
    if (text_encoder)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: it has a LoRA for a text encoder only, which this model does not have", file->path);
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: it has no LoRA: no tensor's name ends in lora_down.weight, lora_A.weight or the like",
                    file->path);
}

static i2v_status finish_layer(i2v_lora_layer *layer, const i2v_lora_config *config, double scale, i2v_error *error) {
    i2v_status status = check_complete(layer, error);
    if (!status) status = check_shapes(layer, error);
    return status ? status : find_factor(layer, config, scale, error);
}

static i2v_status warn(i2v_lora_set *set, const char *format, const char *path) {
    char *warning;
    if (asprintf(&warning, format, path) < 0) return I2V_ERROR_MEMORY;
    i2v_make_printable(warning);
    set->warnings[set->warnings_count++] = warning;
    return I2V_OK;
}

/* The layers that were placed join the set. */
static i2v_status append(i2v_lora_set *set, i2v_lora_layer *layers, size_t count, const i2v_lora_config *config,
                         const i2v_lora *lora, i2v_error *error) {
    i2v_lora_layer *grown = realloc(set->layers, (set->count + count) * sizeof *grown);
    if (!grown) return i2v_fail_memory(error, "the LoRA's layers", (set->count + count) * sizeof *grown);
    set->layers = grown;
    int unsaid = 0;
    for (size_t i = 0; i < count; i++) {
        i2v_lora_layer *layer = &layers[i];
        if (!layer->target) continue;
        i2v_status status = finish_layer(layer, config, lora->scale, error);
        if (status) return status;
        layer->file = set->files_count - 1;
        unsaid |= !layer->alpha_said && i2v_lora_needs_alpha(layer->down->name);
        if (layer->factor != 0) set->layers[set->count++] = *layer;
    }
    static const char sentence[] = "%s: nothing says its alpha, which is taken to be the rank; of peft's files, give "
                                   "the folder with adapter_config.json in it, else a scale of alpha / rank";
    return unsaid && warn(set, sentence, lora->path) ? i2v_fail_memory(error, "a warning", 0) : I2V_OK;
}

/* Of an opened file. */
static i2v_status add_tensors(i2v_lora_set *set, const i2v_tensor_file *file, const i2v_lora *lora,
                              const i2v_lora_targets *targets, const i2v_weights *unet, i2v_error *error) {
    i2v_lora_config config;
    i2v_status status = i2v_lora_config_open(&config, file, error);
    if (!status) status = i2v_lora_variants_check(&config, error);
    if (!status) status = check_is_lora(file, error);
    size_t count = i2v_weights_count(unet);
    i2v_lora_layer *layers = status ? NULL : calloc(count, sizeof *layers);
    if (!status && !layers) status = i2v_fail_memory(error, "the LoRA's layers", count * sizeof *layers);
    for (size_t i = 0; !status && i < file->count; i++) {
        status = place(layers, targets, unet, &file->tensors[i], error);
    }
    if (!status) status = append(set, layers, count, &config, lora, error);
    i2v_lora_config_close(&config);
    free(layers);
    return status;
}

static i2v_status add_file(i2v_lora_set *set, const i2v_lora *lora, const i2v_lora_targets *targets,
                           const i2v_weights *unet, i2v_error *error) {
    if (!lora->path || !*lora->path)
        return i2v_fail(error, I2V_ERROR_PARAMETER, "a LoRA's path is empty; give its file or folder");
    if (!isfinite(lora->scale))
        return i2v_fail(error, I2V_ERROR_PARAMETER, "the scale of %s is not a finite number; 1 is as it was trained",
                        lora->path);
    i2v_tensor_file *file = &set->files[set->files_count];
    char *path;
    i2v_status status = i2v_lora_find_file(&path, lora->path, error);
    if (!status) status = i2v_tensor_file_open(file, path, error);
    free(path);
    if (status) return status;
    set->scales[set->files_count++] = lora->scale;
    return add_tensors(set, file, lora, targets, unet, error);
}

/* ---- the set ---- */

static int compare_layers(const void *a, const void *b) {
    const i2v_lora_layer *x = a, *y = b;
    int order = strcmp(x->target->name, y->target->name);
    return order ? order : (x->file > y->file) - (x->file < y->file);
}

i2v_status i2v_lora_open(i2v_lora_set **out, const i2v_lora *files, size_t count, const i2v_weights *unet,
                         const i2v_name_map *others, i2v_error *error) {
    *out = NULL;
    if (count == 0) return I2V_OK;
    i2v_lora_targets targets = {0};
    i2v_lora_set *set = calloc(1, sizeof *set);
    if (set) set->files = calloc(count, sizeof *set->files);
    if (set) set->scales = calloc(count, sizeof *set->scales);
    if (set) set->warnings = calloc(count, sizeof *set->warnings);
    i2v_status status = set && set->files && set->scales && set->warnings
                            ? i2v_lora_targets_make(&targets, unet, others, error)
                            : i2v_fail_memory(error, "the LoRA files", count * sizeof *set->files);
    for (size_t i = 0; !status && i < count; i++) status = add_file(set, &files[i], &targets, unet, error);
    i2v_lora_targets_free(&targets);
    if (status) {
        i2v_lora_close(set);
        return status;
    }
    qsort(set->layers, set->count, sizeof *set->layers, compare_layers);
    *out = set;
    return I2V_OK;
}
