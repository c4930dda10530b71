/* Numbers as vectors: sinusoids, and the two-layer network that follows them (diffusers' TimestepEmbedding). */
#ifndef I2V_MODEL_EMBEDDING_H
#define I2V_MODEL_EMBEDDING_H

#include "model/loader.h"
#include "tensor/ops.h"

/* diffusers' get_timestep_embedding(flip_sin_to_cos=True, downscale_freq_shift=0): dim / 2 cosines, then as many sines,
 * of value * 10000^(-i / (dim / 2)), into out [count, 1, 1, dim]. dim is even. */
void i2v_sinusoids(i2v_run *run, i2v_tensor out, const float *values);

typedef struct i2v_timestep_embedding {
    i2v_linear linear_1, linear_2;
} i2v_timestep_embedding;

void i2v_timestep_embedding_load(i2v_loader *loader, i2v_timestep_embedding *embedding, int in, int hidden, int out);

/* linear_2(silu(linear_1(x))), activation applied after; x [rows, 1, 1, in] -> out [rows, 1, 1, out]. */
void i2v_timestep_embedding_forward(i2v_run *run, const i2v_timestep_embedding *embedding, i2v_tensor out, i2v_tensor x,
                                    i2v_epilogue epilogue);

#endif
