/* Scales of weights of one byte, which ComfyUI keeps as tensors beside them. Internal to this layer. */
#ifndef I2V_WEIGHTS_SCALES_H
#define I2V_WEIGHTS_SCALES_H

#include "weights/weights_set.h"

/* Gives the weights of the sorted set their scales; the tensors that only say how weights are quantised are no longer
 * in it. A way of quantising that is not implemented is refused by name. */
i2v_status i2v_scales_take(i2v_weights *weights, i2v_error *error);

#endif
