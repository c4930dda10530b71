/* A part's tensors in memory, as a caller gives them to i2v_open. Every helper fails the running test rather than
 * return an error. */
#ifndef I2V_TESTS_PART_IN_MEMORY_H
#define I2V_TESTS_PART_IN_MEMORY_H

#include "reference.h"

typedef struct part_in_memory {
    i2v_memory_part given;
    i2v_memory_tensor *tensors; /* given.tensors, to be changed; names and shapes are those of weights */
    i2v_weights *weights;
    uint8_t *values; /* of all tensors, each at an odd address */
} part_in_memory;

/* Takes over weights. config: the file whose text is given; NULL: none. */
part_in_memory part_in_memory_of(i2v_weights *weights, const char *config);
/* A part of a model's folder: "unet", "vae" or "image_encoder". */
part_in_memory part_in_memory_from(const char *model, const char *part);
void part_in_memory_free(part_in_memory *part);

#endif
