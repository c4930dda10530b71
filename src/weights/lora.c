#include "weights/lora.h"

#include "weights/fingerprint.h"
#include "weights/lora_config.h"
#include "weights/lora_names.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_TOGETHER 512 /* whose sums stay in the nearest cache */

/* One file's change of one layer. */
typedef struct lora_layer {
    const i2v_weight *target, *down, *up, *alpha;
    size_t file; /* which, of the set */
    int64_t rank;
    float factor; /* of up x down */
} lora_layer;

struct i2v_lora_set {
    i2v_safetensors *files;
    size_t files_count;
    lora_layer *layers; /* by the target's name, then in the order of the files */
    size_t count;
};

/* ---- checks ---- */

static i2v_status check_dtype(const i2v_weight *tensor, i2v_error *error) {
    if (tensor->dtype != I2V_WEIGHT_OTHER) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s: tensor %s has dtype %s; a LoRA is of F32, F16, BF16 or F8 here",
                    tensor->file, tensor->name, tensor->dtype_name);
}

static int64_t side(const i2v_weight *tensor, int dim) {
    return dim < tensor->ndim ? tensor->shape[dim] : 1;
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
static i2v_status check_shapes(lora_layer *layer, i2v_error *error) {
    const i2v_weight *target = layer->target, *down = layer->down, *up = layer->up;
    layer->rank = side(down, 0);
    if (target->ndim < 2 || down->ndim < 2 || layer->rank < 1) return fail_shape(down, target, error);
    for (int i = 1; i < I2V_WEIGHT_MAX_DIMS; i++) {
        if (side(down, i) != side(target, i)) return fail_shape(down, target, error);
        if (side(up, i) != (i == 1 ? layer->rank : 1)) return fail_shape(up, target, error);
    }
    return side(up, 0) == side(target, 0) ? I2V_OK : fail_shape(up, target, error);
}

static i2v_status check_complete(const lora_layer *layer, i2v_error *error) {
    if (layer->down && layer->up) return I2V_OK;
    const i2v_weight *there = layer->down ? layer->down : layer->up ? layer->up : layer->alpha;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: tensor %s is there without its %s; the file is incomplete, download it again", there->file,
                    there->name, layer->down ? "up (B) matrix" : "down (A) matrix");
}

/* What up x down is multiplied with. */
static i2v_status find_factor(lora_layer *layer, const i2v_lora_config *config, double scale, i2v_error *error) {
    char name[I2V_LORA_NAME_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)(strlen(layer->target->name) - strlen(".weight")), layer->target->name);
    double strength = i2v_lora_config_strength(config, name, layer->rank);
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
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s is not of a LoRA for a UNet", tensor->file, tensor->name);
}

/* Puts the tensor into its place in layers, one for each of the model's weights. */
static i2v_status place(lora_layer *layers, const i2v_lora_targets *targets, const i2v_weights *unet,
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
    lora_layer *layer = &layers[target - i2v_weights_at(unet, 0)];
    const i2v_weight **field = role == I2V_LORA_DOWN ? &layer->down : role == I2V_LORA_UP ? &layer->up : &layer->alpha;
    if (*field)
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensors %s and %s are the same of one layer", tensor->file,
                        (*field)->name, tensor->name);
    *field = tensor;
    layer->target = target;
    return check_dtype(tensor, error);
}

/* A file without a LoRA in it is said to be one, before any tensor of it is called wrong. */
static i2v_status check_is_lora(const i2v_safetensors *file, i2v_error *error) {
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

static i2v_status finish_layer(lora_layer *layer, const i2v_lora_config *config, double scale, i2v_error *error) {
    i2v_status status = check_complete(layer, error);
    if (!status) status = check_shapes(layer, error);
    return status ? status : find_factor(layer, config, scale, error);
}

/* The layers that were placed join the set. */
static i2v_status append(i2v_lora_set *set, lora_layer *layers, size_t count, const i2v_lora_config *config,
                         double scale, i2v_error *error) {
    lora_layer *grown = realloc(set->layers, (set->count + count) * sizeof *grown);
    if (!grown) return i2v_fail_memory(error, "the LoRA's layers", (set->count + count) * sizeof *grown);
    set->layers = grown;
    for (size_t i = 0; i < count; i++) {
        if (!layers[i].target) continue;
        i2v_status status = finish_layer(&layers[i], config, scale, error);
        if (status) return status;
        layers[i].file = set->files_count;
        if (layers[i].factor != 0) set->layers[set->count++] = layers[i];
    }
    return I2V_OK;
}

static i2v_status add_file(i2v_lora_set *set, const i2v_lora *lora, const i2v_lora_targets *targets,
                           const i2v_weights *unet, i2v_error *error) {
    if (!lora->path || !*lora->path) return i2v_fail(error, I2V_ERROR_PARAMETER, "a LoRA's path is empty");
    if (!isfinite(lora->scale))
        return i2v_fail(error, I2V_ERROR_PARAMETER, "the scale of %s is not a finite number", lora->path);
    i2v_safetensors *file = &set->files[set->files_count];
    i2v_status status = i2v_safetensors_open(file, lora->path, error);
    if (status) return status;
    set->files_count++;
    status = check_is_lora(file, error);
    size_t count = i2v_weights_count(unet);
    lora_layer *layers = status ? NULL : calloc(count, sizeof *layers);
    if (!status && !layers) status = i2v_fail_memory(error, "the LoRA's layers", count * sizeof *layers);
    for (size_t i = 0; !status && i < file->count; i++) {
        status = place(layers, targets, unet, &file->tensors[i], error);
    }
    i2v_lora_config config = {0};
    if (!status) status = i2v_lora_config_open(&config, file, error);
    if (!status) status = append(set, layers, count, &config, lora->scale, error);
    i2v_lora_config_close(&config);
    free(layers);
    return status;
}

/* ---- the set ---- */

static int compare_layers(const void *a, const void *b) {
    const lora_layer *x = a, *y = b;
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
    i2v_status status = set && set->files ? i2v_lora_targets_make(&targets, unet, others, error)
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

void i2v_lora_close(i2v_lora_set *set) {
    if (!set) return;
    for (size_t i = 0; i < set->files_count; i++) i2v_safetensors_close(&set->files[i]);
    free(set->files);
    free(set->layers);
    free(set);
}

i2v_status i2v_lora_fingerprint(const i2v_lora_set *set, i2v_sha256 *hash, i2v_error *error) {
    i2v_status status = I2V_OK;
    for (size_t i = 0; set && i < set->files_count; i++) {
        for (size_t k = 0; !status && k < set->files[i].count; k++) {
            status = i2v_weight_fingerprint(&set->files[i].tensors[k], hash, error);
        }
    }
    return status;
}

/* ---- adding ---- */

/* The layers of that name; *count of them. */
static const lora_layer *find_layers(const i2v_lora_set *set, const char *name, size_t *count) {
    size_t low = 0, high = set ? set->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(set->layers[middle].target->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (set && low + *count < set->count && strcmp(set->layers[low + *count].target->name, name) == 0) ++*count;
    return *count ? &set->layers[low] : NULL;
}

int i2v_lora_changes(const i2v_lora_set *set, const char *name) {
    size_t count;
    return find_layers(set, name, &count) != NULL;
}

uint64_t i2v_lora_memory(const i2v_lora_set *set, const char *name) {
    size_t count;
    const lora_layer *layers = find_layers(set, name, &count);
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = (layers[i].down->count + layers[i].up->count) * sizeof(float);
        if (bytes > most) most = bytes;
    }
    return most;
}

typedef struct add_job {
    const lora_layer *layer;
    const float *up;   /* [out, rank] */
    const float *down; /* [rank, columns] */
    float *values;     /* [out, columns] */
    int64_t columns;
    atomic_int not_finite;
} add_job;

/* One row of the weight. The change is summed by itself: beside the weight's values, digits of its terms would be lost.
 */
static void add_row(void *argument, int64_t row, int thread) {
    (void)thread;
    add_job *job = argument;
    const lora_layer *layer = job->layer;
    int not_finite = 0;
    for (int64_t first = 0; first < job->columns; first += COLUMNS_TOGETHER) {
        float sums[COLUMNS_TOGETHER] = {0};
        int64_t count = job->columns - first < COLUMNS_TOGETHER ? job->columns - first : COLUMNS_TOGETHER;
        for (int64_t k = 0; k < layer->rank; k++) {
            float up = job->up[row * layer->rank + k];
            const float *down = job->down + k * job->columns + first;
            for (int64_t i = 0; i < count; i++) sums[i] += up * down[i];
        }
        float *values = job->values + row * job->columns + first;
        for (int64_t i = 0; i < count; i++) {
            float change = sums[i] * layer->factor;
            not_finite |= !(fabsf(change) <= FLT_MAX);
            values[i] += change;
        }
    }
    if (not_finite) atomic_store_explicit(&job->not_finite, 1, memory_order_relaxed);
}

static i2v_status add_layer(const lora_layer *layer, float *values, i2v_team *team, i2v_error *error) {
    i2v_status status = i2v_input_file_check(layer->down->at.file, error);
    if (status) return status;
    const i2v_weight *down = layer->down, *up = layer->up;
    uint64_t bytes = (down->count + up->count) * sizeof(float);
    float *both = bytes <= SIZE_MAX ? malloc((size_t)bytes) : NULL;
    if (!both) return i2v_fail_memory(error, down->file, bytes);
    add_job job = {layer, both + down->count, both, values, (int64_t)down->count / layer->rank, 0};
    int unread =
        i2v_weight_read_f32(down, 0, down->count, both) || i2v_weight_read_f32(up, 0, up->count, both + down->count);
    if (!unread) i2v_parallel(team, side(layer->target, 0), NULL, add_row, &job);
    free(both);
    if (unread) return i2v_bytes_fail(&down->at, error);
    if (!atomic_load(&job.not_finite)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: tensors %s and %s make values that are not finite: the file is damaged", layer->down->file,
                    layer->up->name, layer->down->name);
}

i2v_status i2v_lora_add(const i2v_lora_set *set, const char *name, float *values, i2v_team *team, i2v_error *error) {
    size_t count;
    const lora_layer *layers = find_layers(set, name, &count);
    i2v_status status = I2V_OK;
    for (size_t i = 0; !status && i < count; i++) status = add_layer(&layers[i], values, team, error);
    return status;
}
