/* The operations that the models are written in, each in a run (tensor/run.h). */
#ifndef I2V_TENSOR_OPS_H
#define I2V_TENSOR_OPS_H

#include "tensor/run.h"

/* Epilogue that only adds the bias; one that adds a residual; and one with a ReLU. See i2v_epilogue for all it can be.
 */
i2v_epilogue i2v_epilogue_plain(void);
i2v_epilogue i2v_epilogue_residual(i2v_tensor residual);
i2v_epilogue i2v_epilogue_relu(void);
/* Sets the epilogue's residual number `index` (0 or 1): scale * residual is added to the output. It has the output's
 * shape, and its values are stored as the output's are. A residual of {0} adds nothing. */
void i2v_epilogue_set_residual(i2v_epilogue *epilogue, int index, i2v_tensor residual, float scale);
/* Sets the epilogue's vector, which is added to each row of the output: [1, 1, 1, output channels], in f32. {0} adds
 * nothing. */
void i2v_epilogue_set_vector(i2v_epilogue *epilogue, i2v_tensor vector);

/* A group norm, ready to be applied to what the statistics were taken from while an operation reads it. */
typedef struct i2v_group_norm {
    i2v_tensor factors;
    i2v_input_norm input;
} i2v_group_norm;

/* The norm of x's channels and skip's side by side (skip.channels == 0: of x alone), over each frame, or with
 * all_frames over all frames at once; activation: what follows it. To be freed with i2v_group_norm_free. */
i2v_group_norm i2v_group_norm_of(i2v_run *run, i2v_tensor x, i2v_tensor skip, const i2v_norm *norm, int all_frames,
                                 i2v_activation activation);
void i2v_group_norm_free(i2v_run *run, i2v_group_norm *norm);

/* The same norm over all frames, for a tensor that never exists whole. It is computed band by band: a band is the same
 * few pixels of every frame. The tensor has the sizes of x.
 *
 *     moments = i2v_moments_new(...)                     sums, none yet; to be freed with i2v_tensor_free
 *     i2v_op_group_moments(..., band, first, ...)        adds a band, whose first pixel is number `first` of a frame
 *     norm = i2v_group_norm_of_moments(...)              when all bands are in
 *
 * i2v_moments_band says how many pixels a band has: as many as the run's trades and the backend's tiles allow. */
int i2v_moments_band(const i2v_run *run, i2v_tensor x, const i2v_norm *norm);
i2v_tensor i2v_moments_new(i2v_run *run, i2v_tensor x, const i2v_norm *norm);
void i2v_op_group_moments(i2v_run *run, i2v_tensor moments, i2v_tensor x, i2v_tensor band, int first,
                          const i2v_norm *norm);
i2v_group_norm i2v_group_norm_of_moments(i2v_run *run, i2v_tensor moments, i2v_tensor x, const i2v_norm *norm,
                                         i2v_activation activation);

/* The operations; formulas at their argument structs in backend/backend.h. group_norm may be NULL. */
void i2v_op_linear(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *layer_norm, const i2v_linear *weights,
                   i2v_epilogue epilogue);
void i2v_op_linear_normed(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_group_norm *group_norm,
                          const i2v_linear *weights, i2v_epilogue epilogue);
/* x's columns and skip's side by side. */
void i2v_op_linear_joined(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor skip, const i2v_linear *weights,
                          i2v_epilogue epilogue);
void i2v_op_feed_forward(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *norm, const i2v_linear *geglu,
                         const i2v_linear *output, i2v_epilogue epilogue);
void i2v_op_conv(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_conv *weights, i2v_epilogue epilogue);
/* Of x's channels and skip's side by side (skip.channels == 0: of x alone) through a group norm. */
void i2v_op_conv_normed(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor skip, const i2v_group_norm *group_norm,
                        const i2v_conv *weights, i2v_epilogue epilogue);
void i2v_op_temporal_conv(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_group_norm *group_norm,
                          const i2v_temporal_conv *weights, i2v_epilogue epilogue);
/* The same for one band: of out and x, one has only the pixels of the band, and the other has all pixels of each frame.
 * The band's pixels begin at number `first` of a frame. */
void i2v_op_temporal_conv_band(i2v_run *run, i2v_tensor out, i2v_tensor x, int first, const i2v_group_norm *group_norm,
                               const i2v_temporal_conv *weights, i2v_epilogue epilogue);
void i2v_op_layer_norm(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *norm);
/* qkv: [frames, height, width, 3 channels]; attention over the pixels of each frame, or over the frames of each pixel.
 * out: [frames, height, width, channels]. */
void i2v_op_spatial_attention(i2v_run *run, i2v_tensor out, i2v_tensor qkv, int heads);
void i2v_op_temporal_attention(i2v_run *run, i2v_tensor out, i2v_tensor qkv, int heads);
void i2v_op_add_vectors(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor vectors);
void i2v_op_upsample(i2v_run *run, i2v_tensor out, i2v_tensor x);

/* Sizes after a convolution. */
int i2v_conv_size(const i2v_conv *conv, int size);

#endif
