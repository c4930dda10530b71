/* Sizes of a model read off the shapes of a file's tensors, for files without a configuration. */
#ifndef I2V_MODEL_SHAPES_H
#define I2V_MODEL_SHAPES_H

#include "weights/set.h"

/* Names are relative to prefix. The first failure stays in status. */
typedef struct i2v_shapes {
    const i2v_weights *file;
    const char *prefix;
    i2v_error *error;
    i2v_status status;
} i2v_shapes;

/* Size of dimension `dim` of the named tensor, which must be there, have `ndim` dimensions, and a size in 1..high.
 * 1 after a failure. */
I2V_PRINTF(5, 6) int i2v_shapes_side(i2v_shapes *shapes, int ndim, int dim, int high,
                                                          const char *format, ...);

/* 1 if a tensor's name begins so. */
I2V_PRINTF(2, 3) int i2v_shapes_have(const i2v_shapes *shapes, const char *format, ...);

/* How many of STEM0., STEM1., ... begin tensors' names, up to the first that does not; more than `limit` fails. */
I2V_PRINTF(3, 4) int i2v_shapes_count(i2v_shapes *shapes, int limit, const char *format, ...);

/* Fails; the sentence is preceded by the file's path. */
I2V_PRINTF(2, 3) void i2v_shapes_fail(i2v_shapes *shapes, const char *format, ...);

#endif
