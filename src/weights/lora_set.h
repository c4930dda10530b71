/* What a set of LoRA files is made of. Internal to this layer. */
#ifndef I2V_WEIGHTS_LORA_SET_H
#define I2V_WEIGHTS_LORA_SET_H

#include "weights/tensor_file.h"

/* One file's change of one layer. */
typedef struct i2v_lora_layer {
    const i2v_weight *target, *down, *up, *alpha;
    size_t file; /* which, of the set */
    int64_t rank;
    float factor;   /* of up x down */
    int alpha_said; /* by the file or its configuration; else it is taken to be the rank */
} i2v_lora_layer;

typedef struct i2v_lora_set i2v_lora_set; /* lora.h */

struct i2v_lora_set {
    i2v_tensor_file *files;
    double *scales; /* of the files, as they were given */
    size_t files_count;
    i2v_lora_layer *layers; /* by the target's name, then in the order of the files */
    size_t count;
    char **warnings; /* whole sentences, one a file at the most */
    size_t warnings_count;
};

/* Its side in that dimension; 1 behind its last. */
static inline int64_t i2v_lora_side(const i2v_weight *tensor, int dim) {
    return dim < tensor->ndim ? tensor->shape[dim] : 1;
}

#endif
