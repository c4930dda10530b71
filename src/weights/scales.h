/* Scales of weights of one byte, which ComfyUI keeps as tensors beside them. Internal to this layer. */
#ifndef I2V_WEIGHTS_SCALES_H
#define I2V_WEIGHTS_SCALES_H

#include "weights/set.h"

/* Ends the opening of a set, of which status came: gives its weights their scales. A way of quantising that is not
 * implemented is refused by name. On failure the set is freed, and *weights is NULL. */
i2v_status i2v_weights_opened(i2v_weights **weights, i2v_status status, i2v_error *error);

#endif
