/* Which file of a folder holds a part's weights. */
#ifndef I2V_WEIGHTS_LOCATE_H
#define I2V_WEIGHTS_LOCATE_H

#include "base/error.h"

/* 1 if the folder has weights of that very variant. */
int i2v_weights_have_variant(const char *folder, const char *stem, const char *variant);

/* *path (to be freed) is the file of weights, or the index of its shards (*is_index). As i2v_weights_open. */
i2v_status i2v_weights_locate(char **path, int *is_index, const char *folder, const char *stem, const char *variant,
                              i2v_error *error);

#endif
