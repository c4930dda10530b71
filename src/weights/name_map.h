/* Names that a model's tensors have in a file of another make. */
#ifndef I2V_WEIGHTS_NAME_MAP_H
#define I2V_WEIGHTS_NAME_MAP_H

#include "weights/weight.h"

/* What is done to a tensor beside giving it another name. Where its shape does not allow that, the tensor stays as it
 * is: its shape is refused where it is bound. */
typedef enum i2v_name_change {
    I2V_NAME_ONLY,
    I2V_NAME_1X1,        /* a convolution [out, in, 1, 1] becomes a matrix [out, in] */
    I2V_NAME_TRANSPOSED, /* [in, out] becomes [out, in], in memory of its own */
    I2V_NAME_THIRD_1,    /* the first third of the rows, of a matrix or vector of three in one */
    I2V_NAME_THIRD_2,
    I2V_NAME_THIRD_3
} i2v_name_change;

/* The tensor that is called `file` in the file is wanted under `name`. */
typedef struct i2v_renaming {
    char *file, *name;
    i2v_name_change change;
} i2v_renaming;

/* Zero-initialized is empty. The first failure (no memory) stays in status. */
typedef struct i2v_name_map {
    i2v_renaming *renamings;
    size_t count, room;
    char **roots; /* prefixes of the part in the file */
    size_t roots_count;
    i2v_status status;
} i2v_name_map;

/* Prints a name. There is room for a prefix of a file (model/file_layout.h) and any name of a model behind it. */
I2V_PRINTF(2, 3) void i2v_name_print(char name[I2V_NAME_SIZE], const char *format, ...);

/* Adds a tensor. */
void i2v_name_map_tensor(i2v_name_map *map, i2v_name_change change, const char *file, const char *name);
/* Adds .weight and .bias of a module. The change is the weight's. */
void i2v_name_map_module(i2v_name_map *map, i2v_name_change change, const char *file, const char *name);
/* All tensors of the file whose names begin with prefix belong to the part. Those that the map does not have are kept
 * under names that no model asks for, so that they are refused. */
void i2v_name_map_root(i2v_name_map *map, const char *prefix);
void i2v_name_map_free(i2v_name_map *map);

/* Sorts the map, so that names are found in it. */
void i2v_name_map_sort(i2v_name_map *map);
/* Finds the tensor that is wanted under name, in a sorted map; NULL if there is none. */
const i2v_renaming *i2v_name_map_find(const i2v_name_map *map, const char *name);

#endif
