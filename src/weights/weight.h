/* One tensor of a model's weights. */
#ifndef I2V_WEIGHTS_WEIGHT_H
#define I2V_WEIGHTS_WEIGHT_H

#include "base/input_file.h"

#define I2V_WEIGHT_MAX_DIMS 8

/* Room for any name that a model asks for, with its NUL. */
#define I2V_NAME_SIZE 512

typedef enum i2v_weight_dtype {
    I2V_WEIGHT_F32,
    I2V_WEIGHT_F16,
    I2V_WEIGHT_BF16,
    I2V_WEIGHT_E4M3, /* of one byte: F8_E4M3 and F8_E5M2 */
    I2V_WEIGHT_E5M2,
    I2V_WEIGHT_OTHER /* a dtype safetensors knows and no model of ours uses (I64 position ids) */
} i2v_weight_dtype;

/* One tensor in its file, little endian, C order, not necessarily aligned. */
typedef struct i2v_weight {
    const char *name;
    const char *origin; /* its name in the file, for messages; another one if it was renamed */
    i2v_weight_dtype dtype;
    const char *dtype_name; /* as in the file, "F16"; static */
    int ndim;
    int64_t shape[I2V_WEIGHT_MAX_DIMS];
    uint64_t count; /* elements */
    uint64_t bytes;
    float scale;      /* values of one byte are multiplied with it, in f32 */
    i2v_bytes at;     /* where the values are: in the file, in the caller's memory or in a copy */
    const char *file; /* path, for messages */
} i2v_weight;

/* Reads values [first, first + count) of weight, widened to f32 exactly, then scaled. The dtype must not be
 * I2V_WEIGHT_OTHER, which i2v_bind refuses. Any number of threads may read at the same time. Returns 0, or -1 if the
 * file cannot be read; i2v_bytes_fail says why. */
int i2v_weight_read_f32(const i2v_weight *weight, uint64_t first, uint64_t count, float *out);

#endif
