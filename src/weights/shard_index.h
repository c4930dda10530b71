/* The index of a part's shards: which tensor is in which file. Internal to this layer. */
#ifndef I2V_WEIGHTS_SHARD_INDEX_H
#define I2V_WEIGHTS_SHARD_INDEX_H

#include "base/error.h"

#include <jansson.h>

typedef struct i2v_shard_index {
    json_t *root;
    json_t *weight_map; /* tensor name -> file name, all strings, plain names */
    const char **names; /* the files, each once, sorted */
    size_t count;
} i2v_shard_index;

/* On failure index needs no close, but allows it. */
i2v_status i2v_shard_index_open(i2v_shard_index *index, const char *path, i2v_error *error);
void i2v_shard_index_close(i2v_shard_index *index);

#endif
