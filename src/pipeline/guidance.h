/* Guidance weights of frames. */
#ifndef I2V_PIPELINE_GUIDANCE_H
#define I2V_PIPELINE_GUIDANCE_H

#include "img2vid/img2vid.h"

/* torch.linspace(start, end, count)[index] in float32. torch rounds product and sum once where the CPU fuses them,
 * which may change the last bit. */
float i2v_linspace(float start, float end, int count, int index);

/* The weight of frame index of count, in float32.
 * linear: torch.linspace(low, high, count), diffusers' pipeline_stable_video_diffusion.py.
 * triangle: t = torch.linspace(0, 1, count), v = 2 |t - floor(t + 0.5)|, low + v (high - low): ComfyUI's
 * VideoTriangleCFGGuidance (comfy_extras/nodes_video_model.py). */
float i2v_guidance_weight(i2v_guidance_shape shape, double low, double high, int count, int index);

/* 1 if some frame's weight exceeds 1: a step then takes two passes. */
int i2v_guidance_needed(i2v_guidance_shape shape, double low, double high, int count);

#endif
