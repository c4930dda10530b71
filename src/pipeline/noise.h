/* The call's random numbers, in diffusers' order or ComfyUI's. */
#ifndef I2V_PIPELINE_NOISE_H
#define I2V_PIPELINE_NOISE_H

#include "pipeline/request.h"

/* Latents [num_frames, channels, h, w] of videos. */
typedef struct i2v_latents_place {
    float *first;
    size_t stride; /* from one video's to the next one's */
} i2v_latents_place;

static inline float *i2v_latents_of(const i2v_latents_place *place, int video) {
    return place->first + (size_t)video * place->stride;
}

/* Draws the augmentation noise [3, height, width], then the latents' noise [num_videos, num_frames, channels, h, w] in
 * one draw; the caller's latents take the place of the second. Then one draw a step of the latents' shape, where the
 * scheduler takes them: step_noise [noise_draws, num_videos, num_frames, channels, h, w], NULL if there are none. In
 * ComfyUI's order the augmentation noise is last; NULL if there is none. */
i2v_status i2v_draw_noise(i2v_engine *engine, const i2v_request *request, float *augmentation,
                          const i2v_latents_place *latents, float *step_noise);

#endif
