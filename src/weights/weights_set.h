/* What a set of tensors is made of. Internal to this layer. */
#ifndef I2V_WEIGHTS_WEIGHTS_SET_H
#define I2V_WEIGHTS_WEIGHTS_SET_H

#include "weights/name_map.h"
#include "weights/safetensors.h"

struct i2v_weights {
    int holders;
    char *path;
    i2v_safetensors *files;
    size_t files_count;
    i2v_weight *tensors; /* of all files, sorted by name; names belong to the files or to the map */
    size_t count;
    const char *misfit;
    /* of renamed tensors: whose they are, how, and the memory of those that could not stay as they are in the file */
    i2v_weights *origin;
    i2v_name_map map;
    void **owned;
    size_t owned_count;
};

void i2v_weights_sort(i2v_weights *weights);

#endif
