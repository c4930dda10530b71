/* transformers' names of CLIP. */
#ifndef I2V_MODEL_CLIP_NAMES_H
#define I2V_MODEL_CLIP_NAMES_H

#include "weights/set.h"

/* From version 5.6 on, a CLIPVisionModel is saved without "vision_model." before its names. *weights become those with
 * it, if they are such; the caller holds them in either case. */
i2v_status i2v_clip_names_settle(i2v_weights **weights, i2v_error *error);

#endif
