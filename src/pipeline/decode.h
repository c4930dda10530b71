/* Latents to frames. */
#ifndef I2V_PIPELINE_DECODE_H
#define I2V_PIPELINE_DECODE_H

#include "pipeline/sizes.h"
#include "pipeline/stage.h"

/* Decodes `count` frames together: latents [count, channels, h, w] -> out [count, height, width, 3], 0..1 where it is
 * in range; not clamped. In a dry run latents and out may be NULL. */
i2v_status i2v_decode_chunk(i2v_run *run, const i2v_vae_decoder *decoder, const i2v_sizes *sizes, int count,
                            const float *latents, float *out);

/* One video, chunk by chunk, with events. */
i2v_status i2v_decode_latents(i2v_call *call, i2v_stage *stage, const i2v_sizes *sizes, int video, const float *latents,
                              float *out);

#endif
