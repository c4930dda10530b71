/* What a set of tensors is made of. Internal to this layer. */
#ifndef I2V_WEIGHTS_SET_STRUCT_H
#define I2V_WEIGHTS_SET_STRUCT_H

#include "weights/name_map.h"
#include "weights/tensor_file.h"

/* The most tensors of all shards. One takes some 400 bytes of list, and the largest language models have as many. */
#define I2V_MAX_TENSORS 100000

typedef struct i2v_weights i2v_weights; /* set.h */

struct i2v_weights {
    int holders;
    char *path;
    i2v_tensor_file *files; /* none of tensors in memory */
    size_t files_count;
    i2v_weight *tensors; /* of all files, sorted by name; names belong to the files or to the map */
    size_t count;
    const char *misfit;
    /* of renamed tensors: the set that they are from, and their names in it */
    i2v_weights *origin;
    i2v_name_map map;
    void **owned; /* memory of names, and of tensors that could not stay as they are in the file */
    size_t owned_count;
};

/* set.c: a set without a tensor yet. */
i2v_status i2v_weights_begin(i2v_weights **weights, const char *path, i2v_error *error);

/* set.c: sorts the tensors; fails where two have one name. */
i2v_status i2v_weights_index(i2v_weights *weights, i2v_error *error);
void i2v_weights_sort(i2v_weights *weights);

#endif
