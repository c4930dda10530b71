/* Latents to frames. */
#ifndef I2V_PIPELINE_DECODE_H
#define I2V_PIPELINE_DECODE_H

#include "pipeline/sizes.h"
#include "pipeline/stage.h"

/* Decodes `count` frames in one pass: latents [count, channels, h, w] -> out [count, height, width, 3], 0..1 where it
 * is in range; not clamped. The first `skipped` of them are computed, since frames depend on one another, but not
 * written. In a dry run latents and out may be NULL. */
i2v_status i2v_decode_chunk(i2v_run *run, const i2v_vae_decoder *decoder, const i2v_sizes *sizes, int count,
                            const float *latents, int skipped, float *out);

/* One pass of a stage over decode_chunk_size frames, by whichever decoder it has; otherwise as i2v_decode_chunk. */
i2v_status i2v_decode_pass(i2v_stage *stage, const i2v_sizes *sizes, const float *latents, float *out);

/* One clip of a video, chunk by chunk, but for those that were done before the call, with events; skipped: likewise, 0
 * or 1. */
i2v_status i2v_decode_latents(i2v_call *call, i2v_stage *stage, const i2v_sizes *sizes, int video, const float *latents,
                              int skipped, float *out);

#endif
