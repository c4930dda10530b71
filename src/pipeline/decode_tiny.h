/* Latents to frames by a tiny decoder. */
#ifndef I2V_PIPELINE_DECODE_TINY_H
#define I2V_PIPELINE_DECODE_TINY_H

#include "model/tiny_decoder.h"
#include "pipeline/sizes.h"

/* As i2v_decode_chunk. memory: of the frames before; afterwards, of these. */
i2v_status i2v_decode_tiny(i2v_run *run, const i2v_tiny_decoder *decoder, i2v_tiny_memory *memory,
                           const i2v_sizes *sizes, int count, const float *latents, int skipped, float *out);

#endif
