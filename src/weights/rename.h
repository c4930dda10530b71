/* Tensors under the names that the model asks for, read in place from a file of another make. */
#ifndef I2V_WEIGHTS_RENAME_H
#define I2V_WEIGHTS_RENAME_H

#include "weights/name_map.h"
#include "weights/set.h"

/* *part has the tensors of file under the names that are wanted. It holds file as long as it needs it. It takes over
 * the map, which is empty afterwards, even on failure. */
i2v_status i2v_weights_rename(i2v_weights **part, i2v_weights *file, i2v_name_map *map, i2v_error *error);

/* The same for names that only lose a prefix, which may be "". */
i2v_status i2v_weights_strip(i2v_weights **part, i2v_weights *file, const char *prefix, i2v_error *error);

#endif
