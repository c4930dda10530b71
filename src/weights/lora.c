/* LoRA changes are added to weights. */
#include "weights/lora.h"

#include "weights/fingerprint.h"
#include "weights/lora_set.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_COLUMNS 512 /* so many sums stay in the nearest cache */

void i2v_lora_close(i2v_lora_set *set) {
    if (!set) return;
    for (size_t i = 0; i < set->files_count; i++) i2v_tensor_file_close(&set->files[i]);
    for (size_t i = 0; i < set->warnings_count; i++) free(set->warnings[i]);
    free(set->warnings);
    free(set->files);
    free(set->scales);
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

/* No LoRA that was trained changes a layer by more than its weights are; at a thousand times as much nothing of the
 * model is left. */
static const double MOST_CHANGE = 1000;

/* Sums of squares of a row: of its weights, and of what is added. */
typedef struct {
    double own, change;
} row_sums;

typedef struct add_job {
    const i2v_lora_layer *layer;
    const float *up;   /* [out, rank] */
    const float *down; /* [rank, columns] */
    float *values;     /* [out, columns] */
    int64_t columns;
    row_sums *sums; /* [out] */
    atomic_int not_finite;
} add_job;

/* Adds the change to one row. The change is summed first: added to the weight one by one, its terms would lose digits.
 */
static void add_row(void *argument, int64_t row, int thread) {
    (void)thread;
    add_job *job = argument;
    const i2v_lora_layer *layer = job->layer;
    row_sums squares = {0, 0};
    int not_finite = 0;
    for (int64_t first = 0; first < job->columns; first += BLOCK_COLUMNS) {
        float sums[BLOCK_COLUMNS] = {0}, own = 0, changed = 0;
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
            own += values[i] * values[i];
            changed += change * change;
            values[i] += change;
        }
        squares.own += (double)own;
        squares.change += (double)changed;
    }
    job->sums[row] = squares;
    if (not_finite) atomic_store_explicit(&job->not_finite, 1, memory_order_relaxed);
}

/* How many times as large as the layer's weights their change is, in the mean square; 0 where there are no weights but
 * zeros. */
static double relative_change(const add_job *job, int64_t rows) {
    row_sums all = {0, 0};
    for (int64_t row = 0; row < rows; row++) {
        all.own += job->sums[row].own;
        all.change += job->sums[row].change;
    }
    return all.own > 0 ? sqrt(all.change / all.own) : 0;
}

static i2v_status check_change(const add_job *job, int64_t rows, double scale, i2v_error *error) {
    const i2v_lora_layer *layer = job->layer;
    if (atomic_load(&job->not_finite)) {
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensors %s and %s make values that are not finite: the file is damaged, or its scale, %g, "
                        "too large",
                        layer->down->file, layer->up->name, layer->down->name, scale);
    }
    double change = relative_change(job, rows);
    if (!(change > MOST_CHANGE)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s at %g changes tensor %s by %.2g times what it is: the scale is too large", layer->down->file,
                    scale, layer->target->origin, change);
}

static i2v_status add_layer(const i2v_lora_layer *layer, double scale, float *values, i2v_team *team,
                            i2v_error *error) {
    i2v_status status = i2v_bytes_check(&layer->down->at, error);
    if (status) return status;
    const i2v_weight *down = layer->down, *up = layer->up;
    int64_t rows = i2v_lora_side(layer->target, 0);
    uint64_t bytes = (down->count + up->count) * sizeof(float);
    float *both = bytes <= SIZE_MAX ? malloc((size_t)bytes) : NULL;
    row_sums *sums = malloc((size_t)rows * sizeof *sums);
    if (!both || !sums) {
        free(both);
        free(sums);
        return i2v_fail_memory(error, down->file, bytes);
    }
    add_job job = {layer, both + down->count, both, values, (int64_t)down->count / layer->rank, sums, 0};
    int unread =
        i2v_weight_read_f32(down, 0, down->count, both) || i2v_weight_read_f32(up, 0, up->count, both + down->count);
    if (unread) {
        status = i2v_bytes_fail(&down->at, error);
    } else {
        i2v_parallel(team, rows, NULL, add_row, &job);
        status = check_change(&job, rows, scale, error);
    }
    free(both);
    free(sums);
    return status;
}

i2v_status i2v_lora_add(const i2v_lora_set *set, const char *name, float *values, i2v_team *team, i2v_error *error) {
    size_t count;
    const i2v_lora_layer *layers = find_layers(set, name, &count);
    i2v_status status = I2V_OK;
    for (size_t i = 0; !status && i < count; i++) {
        status = add_layer(&layers[i], set->scales[layers[i].file], values, team, error);
    }
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

/* The number of the file whose changes are the largest; that of none: the number of files. */
static size_t strongest(const i2v_lora_set *set) {
    size_t file = set->files_count;
    double most = 0;
    for (size_t i = 0; i < set->count; i++) {
        const i2v_lora_layer *layer = &set->layers[i];
        double size = fabs((double)layer->factor) * largest_of(layer->up) * largest_of(layer->down);
        if (file < set->files_count && !(size > most)) continue;
        most = size;
        file = layer->file;
    }
    return file;
}

static int changes_any(const i2v_lora_set *set, size_t file) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->layers[i].file == file) return 1;
    }
    return 0;
}

static void append_name(const i2v_lora_set *set, size_t file, char *text, size_t size) {
    char one[I2V_LORA_NAMES_SIZE];
    size_t length = strlen(text);
    int needed = snprintf(one, sizeof one, "%s%s at %g", length ? ", " : "", set->files[file].path, set->scales[file]);
    if (length && length + (size_t)needed >= size) return;
    snprintf(text + length, size - length, "%s", one);
}

void i2v_lora_names(const i2v_lora_set *set, char *text, size_t size) {
    text[0] = 0;
    if (!set) return;
    size_t first = strongest(set);
    if (first < set->files_count) append_name(set, first, text, size);
    for (size_t i = 0; i < set->files_count; i++) {
        if (i != first && changes_any(set, i)) append_name(set, i, text, size);
    }
}
