/* The run's random numbers, in diffusers' order or ComfyUI's. */
#ifndef I2V_PIPELINE_NOISE_H
#define I2V_PIPELINE_NOISE_H

#include "pipeline/sizes.h"

/* Is augmentation noise drawn? Always in diffusers' order; in ComfyUI's where its strength is not 0. */
int i2v_noise_augments(const i2v_params *params);

/* Draws the augmentation noise [3, height, width], then the latents' noise [num_videos, num_frames, channels, h, w] in
 * one draw; params->latents takes the place of the second. Then one draw a step of the latents' shape, where the
 * scheduler takes them: step_noise [noise_draws, num_videos, num_frames, channels, h, w], NULL if there are none. In
 * ComfyUI's order the augmentation noise is last; NULL if there is none. */
i2v_status i2v_draw_noise(i2v_engine *engine, const i2v_sizes *sizes, const i2v_params *params, float *augmentation,
                          float *latents, float *step_noise);

#endif
