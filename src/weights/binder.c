/* Names and shapes a model asks for, against the tensors that its file has. */
#include "weights/binder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

i2v_status i2v_binder_begin(i2v_binder *binder, const i2v_weights *weights, i2v_error *error) {
    *binder = (i2v_binder){.weights = weights, .error = error};
    binder->used = calloc(i2v_weights_count(weights), 1);
    if (!binder->used) binder->status = i2v_fail_memory(error, "the list of weights", i2v_weights_count(weights));
    return binder->status;
}

/* "[320, 8, 3, 3]" */
static const char *shape_text(const int64_t *shape, int ndim, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < ndim && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, i ? ", " : "", shape[i]);
    if (used < size) snprintf(text + used, size - used, "]");
    return text;
}

static int same_shape(const i2v_weight *weight, const int64_t *shape, int ndim) {
    if (weight->ndim != ndim) return 0;
    for (int i = 0; i < ndim; i++)
        if (weight->shape[i] != shape[i]) return 0;
    return 1;
}

/* Fails unless weight is what the model wants. */
static i2v_status check(const i2v_weight *weight, const int64_t *shape, int ndim, const char *misfit,
                        i2v_error *error) {
    if (!same_shape(weight, shape, ndim)) {
        char found[256], wanted[256];
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: tensor %s has shape %s, expected %s: %s", weight->file,
                        weight->origin, shape_text(weight->shape, weight->ndim, found, sizeof found),
                        shape_text(shape, ndim, wanted, sizeof wanted), misfit);
    }
    if (weight->dtype == I2V_WEIGHT_OTHER)
        return i2v_fail(error, I2V_ERROR_MODEL,
                        "%s: tensor %s has dtype %s, expected a floating one (F32, F16, BF16, F8_E4M3 or F8_E5M2); "
                        "weights quantised otherwise are not supported: get the file in one of these",
                        weight->file, weight->origin, weight->dtype_name);
    return I2V_OK;
}

void i2v_binder_fail_long(i2v_binder *binder, const char *beginning) {
    if (binder->status != I2V_OK) return;
    binder->status = i2v_fail(binder->error, I2V_ERROR_MODEL,
                              "%s: the model asks for a tensor whose name is too long, %.100s...: %s",
                              i2v_weights_path(binder->weights), beginning, i2v_weights_misfit(binder->weights));
}

const i2v_weight *i2v_bind(i2v_binder *binder, const int64_t *shape, int ndim, const char *format, ...) {
    if (binder->status != I2V_OK) return NULL;
    char name[I2V_NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof name) {
        i2v_binder_fail_long(binder, name);
        return NULL;
    }
    const i2v_weight *weight = i2v_weights_find(binder->weights, name);
    if (!weight) {
        binder->status =
            i2v_fail(binder->error, I2V_ERROR_MODEL, "%s: tensor %s is missing: %s", i2v_weights_path(binder->weights),
                     i2v_weights_name_in_file(binder->weights, name), i2v_weights_misfit(binder->weights));
        return NULL;
    }
    binder->status = check(weight, shape, ndim, i2v_weights_misfit(binder->weights), binder->error);
    if (binder->status != I2V_OK) return NULL;
    binder->used[weight - i2v_weights_at(binder->weights, 0)] = 1;
    return weight;
}

int i2v_binder_has(const i2v_binder *binder, const char *format, ...) {
    char name[I2V_NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return length >= 0 && (size_t)length < sizeof name && i2v_weights_find(binder->weights, name) != NULL;
}

void i2v_binder_ignore(i2v_binder *binder, const char *prefix) {
    if (!binder->used) return;
    for (size_t i = 0; i < i2v_weights_count(binder->weights); i++)
        if (strncmp(i2v_weights_at(binder->weights, i)->name, prefix, strlen(prefix)) == 0) binder->used[i] = 1;
}

static i2v_status check_leftover(const i2v_binder *binder) {
    const i2v_weight *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < i2v_weights_count(binder->weights); i++) {
        if (binder->used[i]) continue;
        if (!first) first = i2v_weights_at(binder->weights, i);
        count++;
    }
    if (!first) return I2V_OK;
    return i2v_fail(binder->error, I2V_ERROR_MODEL,
                    "%s: tensor %s has no place in this model (%zu such in all): %s of a kind that is not supported, "
                    "or %s",
                    first->file, first->origin, count, count == 1 ? "it is" : "they are",
                    i2v_weights_misfit(binder->weights));
}

i2v_status i2v_binder_finish(i2v_binder *binder) {
    if (binder->status == I2V_OK) binder->status = check_leftover(binder);
    free(binder->used);
    binder->used = NULL;
    return binder->status;
}
