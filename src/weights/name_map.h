/* Names that a model's tensors have in a file of another make. */
#ifndef I2V_WEIGHTS_NAME_MAP_H
#define I2V_WEIGHTS_NAME_MAP_H

#include "weights/weight.h"

/* What a tensor goes through beside its name. A tensor of a shape that does not allow it stays as it is, so that the
 * shape is refused where it is bound. */
typedef enum i2v_name_change {
    I2V_NAME_ONLY,
    I2V_NAME_1X1,        /* a convolution [out, in, 1, 1] becomes a matrix [out, in] */
    I2V_NAME_TRANSPOSED, /* [in, out] becomes [out, in], in memory of its own */
    I2V_NAME_THIRD_1,    /* the first third of the rows, of a matrix or vector of three in one */
    I2V_NAME_THIRD_2,
    I2V_NAME_THIRD_3
} i2v_name_change;

typedef struct i2v_name_pair {
    char *file, *name; /* in the file; wanted */
    i2v_name_change change;
} i2v_name_pair;

/* Zero-initialized is empty. The first failure (no memory) stays in status. */
typedef struct i2v_name_map {
    i2v_name_pair *pairs;
    size_t count, room;
    char **roots; /* prefixes of the part in the file */
    size_t roots_count;
    i2v_status status;
} i2v_name_map;

/* With room for a prefix in the file (model/file_layout.h) and any name behind it. */
I2V_PRINTF(2, 3) void i2v_name_print(char name[I2V_NAME_SIZE], const char *format, ...);

/* The tensor `file` is wanted under `name`. */
void i2v_name_map_tensor(i2v_name_map *map, i2v_name_change change, const char *file, const char *name);
/* Both .weight and .bias of a module; of them, the weight is changed. */
void i2v_name_map_module(i2v_name_map *map, i2v_name_change change, const char *file, const char *name);
/* All tensors of the file that begin so belong to the part: those without a pair are kept, so that they are reported
 * as having no place in the model. */
void i2v_name_map_root(i2v_name_map *map, const char *prefix);
void i2v_name_map_free(i2v_name_map *map);

/* Sorts the map, so that names are found in it. */
void i2v_name_map_sort(i2v_name_map *map);
/* The pair of the name that is wanted; NULL: there is none. Of a sorted map. */
const i2v_name_pair *i2v_name_map_find(const i2v_name_map *map, const char *name);

#endif
