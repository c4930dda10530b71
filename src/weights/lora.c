/* LoRA changes are added to weights. */
#include "weights/lora.h"

#include "weights/fingerprint.h"
#include "weights/lora_set.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_COLUMNS 512 /* so many sums stay in the nearest cache */

void i2v_lora_close(i2v_lora_set *set) {
    if (!set) return;
    for (size_t i = 0; i < set->files_count; i++) i2v_safetensors_close(&set->files[i]);
    for (size_t i = 0; i < set->warnings_count; i++) free(set->warnings[i]);
    free(set->warnings);
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

void i2v_lora_hash_strengths(const i2v_lora_set *set, i2v_sha256 *hash) {
    for (size_t i = 0; set && i < set->count; i++)
        i2v_sha256_update(hash, &set->layers[i].factor, sizeof set->layers[i].factor);
}

const char *const *i2v_lora_warnings(const i2v_lora_set *set, size_t *count) {
    *count = set ? set->warnings_count : 0;
    return *count ? (const char *const *)set->warnings : NULL;
}

/* ---- adding ---- */

/* The layers of that name; *count of them. */
static const i2v_lora_layer *find_layers(const i2v_lora_set *set, const char *name, size_t *count) {
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
    const i2v_lora_layer *layers = find_layers(set, name, &count);
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = (layers[i].down->count + layers[i].up->count) * sizeof(float);
        if (bytes > most) most = bytes;
    }
    return most;
}

typedef struct add_job {
    const i2v_lora_layer *layer;
    const float *up;   /* [out, rank] */
    const float *down; /* [rank, columns] */
    float *values;     /* [out, columns] */
    int64_t columns;
    atomic_int not_finite;
} add_job;

/* Adds the change to one row. The change is summed first: added to the weight one by one, its terms would lose digits.
 */
static void add_row(void *argument, int64_t row, int thread) {
    (void)thread;
    add_job *job = argument;
    const i2v_lora_layer *layer = job->layer;
    int not_finite = 0;
    for (int64_t first = 0; first < job->columns; first += BLOCK_COLUMNS) {
        float sums[BLOCK_COLUMNS] = {0};
        int64_t count = job->columns - first < BLOCK_COLUMNS ? job->columns - first : BLOCK_COLUMNS;
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

static i2v_status add_layer(const i2v_lora_layer *layer, float *values, i2v_team *team, i2v_error *error) {
    i2v_status status = i2v_bytes_check(&layer->down->at, error);
    if (status) return status;
    const i2v_weight *down = layer->down, *up = layer->up;
    uint64_t bytes = (down->count + up->count) * sizeof(float);
    float *both = bytes <= SIZE_MAX ? malloc((size_t)bytes) : NULL;
    if (!both) return i2v_fail_memory(error, down->file, bytes);
    add_job job = {layer, both + down->count, both, values, (int64_t)down->count / layer->rank, 0};
    int unread =
        i2v_weight_read_f32(down, 0, down->count, both) || i2v_weight_read_f32(up, 0, up->count, both + down->count);
    if (!unread) i2v_parallel(team, i2v_lora_side(layer->target, 0), NULL, add_row, &job);
    free(both);
    if (unread) return i2v_bytes_fail(&down->at, error);
    if (!atomic_load(&job.not_finite)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: tensors %s and %s make values that are not finite: the file is damaged", layer->down->file,
                    layer->up->name, layer->down->name);
}

i2v_status i2v_lora_add(const i2v_lora_set *set, const char *name, float *values, i2v_team *team, i2v_error *error) {
    size_t count;
    const i2v_lora_layer *layers = find_layers(set, name, &count);
    i2v_status status = I2V_OK;
    for (size_t i = 0; !status && i < count; i++) status = add_layer(&layers[i], values, team, error);
    return status;
}

/* ---- the strongest ---- */

/* The largest magnitude. NaN and values that cannot be read do not count: i2v_lora_add has refused them. */
static double largest_of(const i2v_weight *tensor) {
    float values[1024];
    double largest = 0;
    for (uint64_t first = 0; first < tensor->count; first += 1024) {
        uint64_t left = tensor->count - first, count = left < 1024 ? left : 1024;
        if (i2v_weight_read_f32(tensor, first, count, values)) break;
        for (uint64_t i = 0; i < count; i++) {
            if (fabs((double)values[i]) > largest) largest = fabs((double)values[i]);
        }
    }
    return largest;
}

const char *i2v_lora_strongest(const i2v_lora_set *set) {
    const char *path = NULL;
    double most = 0;
    for (size_t i = 0; set && i < set->count; i++) {
        const i2v_lora_layer *layer = &set->layers[i];
        double size = fabs((double)layer->factor) * largest_of(layer->up) * largest_of(layer->down);
        if (path && !(size > most)) continue;
        most = size;
        path = set->files[layer->file].path;
    }
    return path;
}
