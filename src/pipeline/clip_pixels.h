/* A picture as CLIP wants it. */
#ifndef I2V_PIPELINE_CLIP_PIXELS_H
#define I2V_PIPELINE_CLIP_PIXELS_H

#include "model/config.h"

#define I2V_CLIP_SIDE 224

/* Pixels [224, 224, 3] from an 8-bit picture [height, width, 3]: to -1..1, diffusers' _resize_with_antialiasing
 * (Gaussian blur, then bicubic with aligned corners), back to 0..1, minus mean over deviation. */
i2v_status i2v_clip_pixels(float *out, const i2v_image *image, const i2v_normalization *normalization,
                           i2v_error *error);

/* The same as ComfyUI has it: bicubic with antialias to a smaller side of 224, the centre square, rounded to 8 bits. */
i2v_status i2v_clip_pixels_comfyui(float *out, const i2v_image *image, const i2v_normalization *normalization,
                                   i2v_error *error);

#endif
