/* A copy of a model in a folder of its own, to be damaged. Every helper fails the running test rather than return an
 * error. */
#ifndef I2V_TESTS_MODEL_COPY_H
#define I2V_TESTS_MODEL_COPY_H

#include "reference.h"

/* Copies the folder `original` to *copy, which model_copy_remove removes. */
typedef struct model_copy {
    char path[512];
} model_copy;

void model_copy_make(model_copy *copy, const char *original);
void model_copy_remove(const model_copy *copy);

/* The path of a file in the copy. Valid until the next call. */
const char *model_copy_file(const model_copy *copy, const char *name);

/* Part of the copy's weights, as the engine opens them; to be closed with i2v_weights_close. */
i2v_weights *model_copy_open(const model_copy *copy, const char *part);

/* Writes value number `index` of a tensor of a file, in the tensor's dtype; returns the one that was there. */
float model_copy_set(const i2v_weight *weight, uint64_t index, float value);

#endif
