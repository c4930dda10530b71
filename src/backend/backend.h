/* The operations that models are made of, as a table of functions, and the data they work on.
 *
 * Activations are float32, channels last: [frame, y, x, channel], dense. What an operation needs beside its arguments
 * is scratch memory, whose size it tells beforehand, so that a dry run can add up exactly what a forward pass takes. */
#ifndef I2V_BACKEND_BACKEND_H
#define I2V_BACKEND_BACKEND_H

#include "base/parallel.h"

typedef struct i2v_tensor {
    float *data;
    int frames, height, width, channels;
} i2v_tensor;

static inline int64_t i2v_tensor_rows(const i2v_tensor *tensor) {
    return (int64_t)tensor->frames * tensor->height * tensor->width;
}
static inline int64_t i2v_tensor_count(const i2v_tensor *tensor) {
    return i2v_tensor_rows(tensor) * tensor->channels;
}

/* Where and how operations run. */
typedef struct i2v_device {
    i2v_team *team;     /* the threads; NULL: the caller's alone */
    atomic_int *cancel; /* may be NULL; non-zero: leave out what is left */
} i2v_device;

/* Weight and bias of a group norm or layer norm: [channels] each. */
typedef struct i2v_norm {
    const float *weight, *bias;
    int channels, groups; /* groups: of a group norm */
    float epsilon;
} i2v_norm;

#define I2V_LINEAR_MAX_PARTS 3

/* One or more matrices applied to the same input, their outputs side by side (q, k, v): parts[i].weight is
 * [out, in] as PyTorch's Linear keeps it, bias [out] or NULL. */
typedef struct i2v_linear {
    int in, out; /* out: of all parts together */
    int parts_count;
    struct {
        const float *weight, *bias;
        int out;
    } parts[I2V_LINEAR_MAX_PARTS];
} i2v_linear;

/* 2D convolution [out, in, kernel_height, kernel_width]; zero padding. `packed` is in the backend's own layout.
 * doubles: of the image doubled first by nearest neighbour; only with kernel 3, stride 1 and padding 1. */
typedef struct i2v_conv {
    int in, out, kernel, stride;
    int pad_before, pad_after; /* top and left, bottom and right */
    int doubles;
    const void *packed;
    const float *bias; /* [out] or NULL */
} i2v_conv;

/* Convolution over frames, kernel 3, zero padded: taps[k] is [out, in], tap 1 meets the frame itself. */
typedef struct i2v_temporal_conv {
    int in, out;
    const float *taps[3];
    const float *bias;
} i2v_temporal_conv;

typedef enum i2v_activation {
    I2V_ACTIVATION_NONE,
    I2V_ACTIVATION_SILU,
    I2V_ACTIVATION_GELU,      /* x/2 (1 + erf(x / sqrt 2)) */
    I2V_ACTIVATION_QUICK_GELU /* x sigmoid(1.702 x) */
} i2v_activation;

#define I2V_EPILOGUE_MAX_RESIDUALS 2

/* What follows a product while it is in cache:
 *     out = scale * activation(product + bias + vector) + sum of residual[i] * residual_scale[i]
 * All zero but scale = 1: out = product + bias. A residual may be the output itself. */
typedef struct i2v_epilogue {
    const float *vector; /* [out] or NULL: added to every row */
    i2v_activation activation;
    float scale;
    const float *residual[I2V_EPILOGUE_MAX_RESIDUALS]; /* rows x out, or NULL */
    float residual_scale[I2V_EPILOGUE_MAX_RESIDUALS];
} i2v_epilogue;

/* out[rows, out] from the columns of one or two sources side by side (a skip connection), sources_in[0] +
 * sources_in[1] == weights->in. norm: layer norm of the rows first; only with one source. */
typedef struct i2v_linear_args {
    int64_t rows;
    const float *source[2];
    int source_channels[2];
    const i2v_norm *norm;
    const i2v_linear *weights;
    i2v_epilogue epilogue;
    float *out;
} i2v_linear_args;

/* GEGLU feed-forward of rows: with n = norm(x), [value, gate] = n W1 + b1, out = epilogue((value * gelu(gate)) W2). */
typedef struct i2v_feed_forward_args {
    int64_t rows;
    int64_t chunk; /* rows computed together; 0: the backend's choice */
    const float *x;
    const i2v_norm *norm;
    const i2v_linear *geglu;  /* [2 hidden, channels] */
    const i2v_linear *output; /* [channels, hidden] */
    i2v_epilogue epilogue;
    float *out;
} i2v_feed_forward_args;

typedef struct i2v_conv_args {
    const i2v_conv *weights;
    i2v_tensor x, out;
    i2v_epilogue epilogue;
} i2v_conv_args;

typedef struct i2v_temporal_conv_args {
    const i2v_temporal_conv *weights;
    i2v_tensor x, out;
    i2v_epilogue epilogue;
} i2v_temporal_conv_args;

/* Group norm over [height, width, channels / groups] of each frame, or of all frames together, then SiLU if asked for.
 * The channels are those of one or two sources side by side; groups may straddle their joint. */
typedef struct i2v_group_norm_args {
    i2v_tensor source[2]; /* source[1].channels is 0 if there is one */
    const i2v_norm *norm;
    int frames_together;
    i2v_activation activation; /* NONE or SILU */
    i2v_tensor out;
} i2v_group_norm_args;

/* Self-attention: softmax(q k^T * scale) v for each sequence and head. A sequence's token t of sequence (i, j) lies at
 * i * outer_stride + j * inner_stride + t * token_stride floats; head h at h * head_dim of it. The three of qkv share
 * these strides, out has its own. */
typedef struct i2v_attention_args {
    const float *q, *k, *v;
    float *out;
    int64_t outer, inner, tokens; /* sequences outer x inner */
    int heads, head_dim;
    float scale;
    int64_t outer_stride, inner_stride, token_stride;
    int64_t out_outer_stride, out_inner_stride, out_token_stride;
} i2v_attention_args;

/* out = x + vectors[frame] (broadcast over the frame's pixels). */
typedef struct i2v_add_vectors_args {
    i2v_tensor x, out;
    const float *vectors; /* [frames, channels] */
} i2v_add_vectors_args;

/* Nearest neighbour to twice the size, cut to out's size: out[y, x] = in[y >> 1, x >> 1]. */
typedef struct i2v_upsample_args {
    i2v_tensor x, out;
} i2v_upsample_args;

typedef struct i2v_layer_norm_args {
    int64_t rows;
    const float *x;
    const i2v_norm *norm;
    float *out;
} i2v_layer_norm_args;

/* Each operation: bytes of scratch for these arguments, and the operation itself. Scratch is 64-byte aligned. */
#define I2V_OPERATION(name)                                                                                            \
    size_t (*name##_scratch)(const i2v_device *device, const i2v_##name##_args *args);                                 \
    i2v_status (*name)(const i2v_device *device, const i2v_##name##_args *args, void *scratch, i2v_error *error)

typedef struct i2v_backend {
    const char *name;

    /* Bytes of a packed convolution, and the packing of weights [out, in, kernel, kernel] into that many bytes, 64-byte
     * aligned. */
    i2v_status (*conv_packed_size)(const i2v_conv *conv, size_t *size, i2v_error *error);
    i2v_status (*conv_pack)(const i2v_conv *conv, const float *weights, void *packed, i2v_error *error);

    I2V_OPERATION(linear);
    I2V_OPERATION(feed_forward);
    I2V_OPERATION(conv);
    I2V_OPERATION(temporal_conv);
    I2V_OPERATION(group_norm);
    I2V_OPERATION(layer_norm);
    I2V_OPERATION(attention);
    I2V_OPERATION(add_vectors);
    I2V_OPERATION(upsample);

    /* The most that the hardware does with the device's threads, measured with at most `memory` bytes (0: any). NULL:
     * not known. */
    i2v_status (*measure_peaks)(const i2v_device *device, uint64_t memory, i2v_bench_peaks *peaks, i2v_error *error);
} i2v_backend;

#undef I2V_OPERATION

/* The CPU this process runs on. Static. */
const i2v_backend *i2v_backend_cpu(void);
/* The same operations in plain C loops: the truth that others are compared with. Static. */
const i2v_backend *i2v_backend_plain(void);

#endif
