/* A hash that tells one set of weights from another, without reading all values. */
#ifndef I2V_WEIGHTS_FINGERPRINT_H
#define I2V_WEIGHTS_FINGERPRINT_H

#include "base/sha256.h"
#include "weights/set.h"

/* Adds to the hash, tensor by tensor in the order of names: name, dtype, shape, and the 4096 bytes in the middle of its
 * values (all, if there are fewer). So it does not depend on folders, file names or shards, and any training that
 * changes whole tensors changes it. */
i2v_status i2v_weights_fingerprint(const i2v_weights *weights, i2v_sha256 *hash, i2v_error *error);

/* The same of one tensor. */
i2v_status i2v_weight_fingerprint(const i2v_weight *weight, i2v_sha256 *hash, i2v_error *error);

#endif
