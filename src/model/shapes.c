/* The sizes of a model, read off the shapes of a file's tensors. */
#include "model/shapes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* prefix and the formatted rest, into name. */
#define FORMAT_NAME(name)                                                                                              \
    char name[I2V_NAME_SIZE];                                                                                          \
    do {                                                                                                               \
        int used = snprintf(name, sizeof name, "%s", shapes->prefix);                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        if (used < (int)sizeof name) vsnprintf(name + used, sizeof name - (size_t)used, format, arguments);            \
        va_end(arguments);                                                                                             \
    } while (0)

void i2v_shapes_fail(i2v_shapes *shapes, const char *format, ...) {
    if (shapes->status) return;
    char sentence[I2V_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    shapes->status = i2v_fail(shapes->error, I2V_ERROR_MODEL, "%s: %s", i2v_weights_path(shapes->file), sentence);
}

int i2v_shapes_side(i2v_shapes *shapes, int ndim, int dim, int high, const char *format, ...) {
    if (shapes->status) return 1;
    FORMAT_NAME(name);
    const i2v_weight *weight = i2v_weights_find(shapes->file, name);
    if (!weight) {
        i2v_shapes_fail(shapes, "tensor %s is missing, which tells a size of the model", name);
    } else if (weight->ndim != ndim) {
        i2v_shapes_fail(shapes, "tensor %s has %d dimensions, expected %d", name, weight->ndim, ndim);
    } else if (weight->shape[dim] < 1 || weight->shape[dim] > high) {
        i2v_shapes_fail(shapes, "tensor %s: dimension %d of its shape is %" PRId64 ", expected 1 to %d", name, dim,
                        weight->shape[dim], high);
    } else {
        return (int)weight->shape[dim];
    }
    return 1;
}

int i2v_shapes_have(const i2v_shapes *shapes, const char *format, ...) {
    FORMAT_NAME(name);
    return i2v_weights_have(shapes->file, name);
}

int i2v_shapes_count(i2v_shapes *shapes, int limit, const char *format, ...) {
    FORMAT_NAME(stem);
    for (int count = 0; count <= limit; count++) {
        char name[I2V_NAME_SIZE + 16];
        snprintf(name, sizeof name, "%s%d.", stem, count);
        if (!i2v_weights_have(shapes->file, name)) return count;
    }
    i2v_shapes_fail(shapes, "it has more than %d of %s0, which is not supported", limit, stem);
    return limit;
}
