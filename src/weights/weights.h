/* Opens the tensors of one model part: of its file or files, or of memory. */
#ifndef I2V_WEIGHTS_WEIGHTS_H
#define I2V_WEIGHTS_WEIGHTS_H

#include "weights/set.h"

/* Opens the weights in folder, under the names of base/weight_names.h: one file, or the shards that an index names in
 * its weight_map. variant NULL: the plain files if there, else "fp16" ones. Headers are checked whole (sizes, offsets,
 * overlaps, dtypes, duplicate names). */
i2v_status i2v_weights_open(i2v_weights **weights, const char *folder, const char *stem, const char *variant,
                            i2v_error *error);
/* Opens one file, of safetensors or of PyTorch, whatever its name. */
i2v_status i2v_weights_open_file(i2v_weights **weights, const char *path, i2v_error *error);
/* Takes the caller's tensors, checked as a file's header is. Their values are read where they are at each use, and must
 * stay until the weights are closed. Messages have title where those about a file have its path. */
i2v_status i2v_weights_open_memory(i2v_weights **weights, const char *title, const i2v_memory_tensor *tensors,
                                   size_t count, i2v_error *error);
#endif
