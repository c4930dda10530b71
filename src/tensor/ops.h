/* The operations that the models are written in.
 *
 * A run holds the first failure: after it every operation does nothing, so that a forward pass reads as the formula and
 * is checked once at its end. On a dry pool no operation touches data; sizes, memory, multiplications and work are
 * counted.
 */
#ifndef I2V_TENSOR_OPS_H
#define I2V_TENSOR_OPS_H

#include "backend/backend.h"
#include "tensor/pool.h"
#include "tensor/profile.h"

/* What a forward pass gives up for memory. Results are the same to the bit with any of it. */
typedef struct i2v_trades {
    int64_t
        together; /* values of a tensor that are worked on together where frames or pixels are independent; 0: all */
    int twice;    /* 1: what lies between two temporal convolutions is computed twice, and never kept */
    int stream;   /* 1: matrices and convolutions are packed from their file at each use, and never kept */
} i2v_trades;

typedef struct i2v_run {
    const i2v_backend *backend;
    i2v_device device;
    i2v_element element; /* what activations are stored as: F32 or BF16 */
    i2v_trades trades;
    i2v_pool *pool;
    i2v_error *error; /* may be NULL */
    i2v_status status;
    uint64_t multiplications; /* multiply-adds of convolutions, matrix products and attention so far */
    double work;              /* what operations so far take beside one another, in a matrix product's multiply-adds */
    i2v_profile *profile;     /* may be NULL; told of each operation that computes */
    /* May be NULL; called after each operation that computes, with the work so far. Its failure is the run's. */
    i2v_status (*tick)(void *user, double work);
    void *tick_user;
} i2v_run;

/* 1 if the run is to go on and data may be touched: no failure, no cancel, no dry pool. */
int i2v_run_computes(i2v_run *run);

/* 64-byte aligned memory of the run's pool, to be given back to it. NULL on failure, which the run then holds. */
void *i2v_run_take(i2v_run *run, uint64_t bytes);

/* A tensor from the run's pool, stored as the run's activations or as f32, contents undefined; to be freed with
 * i2v_tensor_free. */
i2v_tensor i2v_tensor_new(i2v_run *run, int frames, int height, int width, int channels);
i2v_tensor i2v_tensor_new_f32(i2v_run *run, int frames, int height, int width, int channels);
void i2v_tensor_free(i2v_run *run, i2v_tensor *tensor);
/* A new tensor over x, of as many frames: x moves to the end of its memory, where frame f of it stays whole while
 * frames 0..f - 1 of the new one are written. x belongs to the new tensor and is not to be freed. */
i2v_tensor i2v_tensor_new_over(i2v_run *run, i2v_tensor *x, int height, int width, int channels);

/* The tensor's data under other sizes of the same product. */
i2v_tensor i2v_tensor_view(const i2v_tensor *tensor, int frames, int height, int width, int channels);
/* `count` frames of it from `first` on, or as many as are left. */
i2v_tensor i2v_tensor_frames(const i2v_tensor *tensor, int first, int count);
/* Likewise of the pixels of one frame, as one row of an image. */
i2v_tensor i2v_tensor_pixels(const i2v_tensor *tensor, int frame, int first, int count);

/* How many of `count` independent units of `values` values each the run's trades let work together: in the fewest
 * groups, as equal as can be. It does not depend on threads. */
int i2v_run_together(const i2v_run *run, int count, int64_t values);

/* Epilogue that only adds the bias; and one that adds a residual. See i2v_epilogue for all it can be. */
i2v_epilogue i2v_epilogue_plain(void);
i2v_epilogue i2v_epilogue_residual(const void *residual);

/* A group norm, ready to be applied to what the statistics were taken from while an operation reads it. */
typedef struct i2v_group_norm {
    i2v_tensor factors;
    i2v_input_norm input;
} i2v_group_norm;

/* The norm of x's channels and skip's side by side (skip.channels == 0: of x alone), over each frame, or over all
 * frames together; activation: what follows it. To be freed with i2v_group_norm_free. */
i2v_group_norm i2v_group_norm_of(i2v_run *run, i2v_tensor x, i2v_tensor skip, const i2v_norm *norm, int frames_together,
                                 i2v_activation activation);
void i2v_group_norm_free(i2v_run *run, i2v_group_norm *norm);

/* The same over all frames of a tensor of x's sizes that comes in bands: of `band` pixels of each frame, as many as are
 * worked on together and the backend's tiles allow. Its moments are to be freed. */
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
                         const i2v_linear *output, int64_t chunk, i2v_epilogue epilogue);
void i2v_op_conv(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_conv *weights, i2v_epilogue epilogue);
/* Of x's channels and skip's side by side (skip.channels == 0: of x alone) through a group norm. */
void i2v_op_conv_normed(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor skip, const i2v_group_norm *group_norm,
                        const i2v_conv *weights, i2v_epilogue epilogue);
void i2v_op_temporal_conv(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_group_norm *group_norm,
                          const i2v_temporal_conv *weights, i2v_epilogue epilogue);
/* Of the pixels of each frame that one of the two, having fewer, is the band of: those from `first` on of the other. */
void i2v_op_temporal_conv_band(i2v_run *run, i2v_tensor out, i2v_tensor x, int first, const i2v_group_norm *group_norm,
                               const i2v_temporal_conv *weights, i2v_epilogue epilogue);
void i2v_op_layer_norm(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *norm);
/* qkv: [frames, height, width, 3 channels]; attention over the pixels of each frame, or over the frames of each pixel.
 * out: [frames, height, width, channels]. */
void i2v_op_spatial_attention(i2v_run *run, i2v_tensor out, i2v_tensor qkv, int heads);
void i2v_op_temporal_attention(i2v_run *run, i2v_tensor out, i2v_tensor qkv, int heads);
void i2v_op_add_vectors(i2v_run *run, i2v_tensor out, i2v_tensor x, const float *vectors);
void i2v_op_upsample(i2v_run *run, i2v_tensor out, i2v_tensor x);

/* Sizes after a convolution. */
int i2v_conv_size(const i2v_conv *conv, int size);

#endif
