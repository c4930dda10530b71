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
    const char *origin; /* the name in the file, for messages: of a renamed tensor, another one */
    i2v_weight_dtype dtype;
    const char *dtype_name; /* as in the file, "F16"; static */
    int ndim;
    int64_t shape[I2V_WEIGHT_MAX_DIMS];
    uint64_t count; /* elements */
    uint64_t bytes;
    float scale;      /* of values of one byte: what they are multiplied with, in f32 */
    i2v_bytes at;     /* in the file, or in memory: the caller's, or a copy */
    const char *file; /* path, for messages */
} i2v_weight;

/* Values [first, first + count) of weight widened to f32, exactly, then scaled. Its dtype must not be OTHER (i2v_bind
 * sees to it), the range must be inside it. Any number of threads may read at the same time. 0, or -1 if the file
 * cannot be read, which i2v_bytes_fail explains. */
int i2v_weight_read_f32(const i2v_weight *weight, uint64_t first, uint64_t count, float *out);

#endif
