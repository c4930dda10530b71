/* Numbers as vectors: sinusoids, and diffusers' TimestepEmbedding. */
#include "model/embedding.h"

#include "tensor/values.h"

#include <math.h>

void i2v_sinusoids(i2v_run *run, i2v_tensor out, const float *values) {
    int half = out.channels / 2;
    i2v_walk walk = i2v_walk_to_write(run, out);
    for (float *row; (row = i2v_walk_next(&walk));) {
        for (int i = 0; i < half; i++) {
            float exponent = -(float)log(10000.0) * (float)i / (float)half;
            float angle = values[walk.row] * expf(exponent);
            row[i] = cosf(angle);
            row[half + i] = sinf(angle);
        }
    }
    i2v_walk_end(&walk);
}

void i2v_timestep_embedding_load(i2v_loader *loader, i2v_timestep_embedding *embedding, int in, int hidden, int out) {
    i2v_load_linear_f32(loader, &embedding->linear_1, in, hidden, 1, "linear_1");
    i2v_load_linear_f32(loader, &embedding->linear_2, hidden, out, 1, "linear_2");
}

void i2v_timestep_embedding_forward(i2v_run *run, const i2v_timestep_embedding *embedding, i2v_tensor out, i2v_tensor x,
                                    i2v_epilogue epilogue) {
    i2v_tensor hidden = i2v_tensor_new_f32(run, x.frames, 1, 1, embedding->linear_1.out);
    i2v_epilogue silu = i2v_epilogue_plain();
    silu.activation = I2V_ACTIVATION_SILU;
    i2v_op_linear(run, hidden, x, NULL, &embedding->linear_1, silu);
    i2v_op_linear(run, out, hidden, NULL, &embedding->linear_2, epilogue);
    i2v_tensor_free(run, &hidden);
}
