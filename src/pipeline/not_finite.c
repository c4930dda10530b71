/* Stops a run whose numbers are not finite, and looks for the cause. */
#include "pipeline/not_finite.h"

#include "base/finite.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* No trained weight is near it, and no product of two overflows float32. */
#define LARGEST_WEIGHT 1e18f
/* No model computes values near it: latents are below 1e5, all else is below 1e3. */
#define LARGEST_COMPUTED 1e9f
/* Weights that are looked at at a time. */
#define PIECE 1024

i2v_status i2v_check_given(i2v_engine *engine, const float *values, size_t count, const char *name) {
    size_t first = i2v_first_beyond(values, count, FLT_MAX);
    if (first == count) return I2V_OK;
    return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "%s: value %zu is not a finite number", name, first);
}

/* 1 if a value of the weight is none that a model has; *value is the first such one. */
static int is_damaged(const i2v_weight *weight, float *value) {
    float values[PIECE];
    if (weight->dtype == I2V_WEIGHT_OTHER) return 0;
    for (uint64_t first = 0; first < weight->count; first += PIECE) {
        uint64_t left = weight->count - first, count = left < PIECE ? left : PIECE;
        if (i2v_weight_read_f32(weight, first, count, values)) return 0;
        for (uint64_t i = 0; i < count; i++) {
            *value = values[i];
            if (!(fabsf(values[i]) <= LARGEST_WEIGHT)) return 1;
        }
    }
    return 0;
}

/* The part's weights are read only now that something is wrong. */
static const i2v_weight *find_damaged(const i2v_weights *weights, float *value) {
    for (size_t i = 0; i < i2v_weights_count(weights); i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        if (is_damaged(weight, value)) return weight;
    }
    return NULL;
}

/* what: the values and what is wrong with them. */
static i2v_status fail_computed(i2v_engine *engine, i2v_part part, const char *what) {
    const i2v_weights *weights = engine->model->weights[part];
    float value;
    const i2v_weight *damaged = find_damaged(weights, &value);
    if (damaged && i2v_weights_in_memory(weights)) {
        return i2v_fail(&engine->error, I2V_ERROR_MODEL, "%s: tensor %s of %s holds %g", what, damaged->origin,
                        damaged->file, (double)value);
    }
    if (damaged) {
        return i2v_fail(&engine->error, I2V_ERROR_MODEL,
                        "%s: tensor %s of %s holds %g, so the file is damaged; download it again", what,
                        damaged->origin, damaged->file, (double)value);
    }
    char loras[I2V_LORA_NAMES_SIZE] = "";
    if (part == I2V_PART_UNET) i2v_lora_names(engine->model->lora, loras, sizeof loras);
    const char *dtype = engine->model->element == I2V_ELEMENT_BF16 ? "; " I2V_NAME("dtype") " f32 may help" : "";
    return i2v_fail(
        &engine->error, I2V_ERROR_MODEL,
        "%s: the weights in %s may be damaged or of another model%s%s%s, or noise that was given is far too "
        "large%s",
        what, i2v_weights_path(weights), loras[0] ? ", a LoRA's scale may be too large (" : "", loras,
        loras[0] ? ")" : "", dtype);
}

i2v_status i2v_check_computed(i2v_engine *engine, i2v_part part, const float *values, size_t count, const char *format,
                              ...) {
    size_t first = i2v_first_beyond(values, count, LARGEST_COMPUTED);
    /* of a cancelled run, which is told next, some values were never computed */
    if (first == count || atomic_load(&engine->cancel)) return I2V_OK;
    char what[192];
    va_list arguments;
    va_start(arguments, format);
    size_t length = (size_t)vsnprintf(what, 128, format, arguments);
    va_end(arguments);
    if (length > 127) length = 127;
    if (isfinite(values[first]))
        snprintf(what + length, sizeof what - length, " has values such as %g", (double)values[first]);
    else
        snprintf(what + length, sizeof what - length, " is not finite");
    return fail_computed(engine, part, what);
}
