/* The operations that models are made of, as a table of functions, and the data they work on.
 *
 * Activations are channels last: [frame, y, x, channel], dense, stored as f32 or bf16. Whatever they are stored as,
 * products, statistics and functions are computed in f32 at least, and rounded once, when an operation writes. What an
 * operation needs beside its arguments is scratch memory, whose size it tells beforehand, so that a dry run can add up
 * exactly what a forward pass takes. */
#ifndef I2V_BACKEND_BACKEND_H
#define I2V_BACKEND_BACKEND_H

#include "backend/memory.h"
#include "base/input_file.h"
#include "base/parallel.h"

/* How values are stored; those of float8 in files alone, those of int8 in packed weights alone. */
typedef enum i2v_element {
    I2V_ELEMENT_F32,
    I2V_ELEMENT_F16,
    I2V_ELEMENT_BF16,
    I2V_ELEMENT_E4M3,
    I2V_ELEMENT_E5M2,
    I2V_ELEMENT_INT8 /* -127 to 127 times a scale; see I2V_INT8_BLOCK */
} i2v_element;

static inline size_t i2v_element_size(i2v_element element) {
    return element == I2V_ELEMENT_F32 ? 4 : element <= I2V_ELEMENT_BF16 ? 2 : 1;
}

typedef struct i2v_tensor {
    void *data;
    int frames, height, width, channels;
    i2v_element element; /* F32 or BF16 */
} i2v_tensor;

static inline int64_t i2v_tensor_rows(const i2v_tensor *tensor) {
    return (int64_t)tensor->frames * tensor->height * tensor->width;
}
static inline int64_t i2v_tensor_count(const i2v_tensor *tensor) {
    return i2v_tensor_rows(tensor) * tensor->channels;
}

static inline size_t i2v_tensor_bytes(const i2v_tensor *tensor) {
    return (size_t)i2v_tensor_count(tensor) * i2v_element_size(tensor->element);
}
/* Of a tensor of f32. */
static inline float *i2v_tensor_floats(const i2v_tensor *tensor) {
    return tensor->data;
}

/* The inner loops of one instruction set (cpu/kernels.h). */
struct i2v_kernels;

/* Where and how operations run. */
typedef struct i2v_device {
    i2v_team *team;     /* the threads; NULL: the caller's alone */
    atomic_int *cancel; /* may be NULL; non-zero: leave out what is left */
    const struct i2v_kernels *kernels; /* those of the backend that runs on it */
} i2v_device;

/* Weight and bias of a group norm or layer norm: [channels] each. */
typedef struct i2v_norm {
    const float *weight, *bias;
    int channels, groups; /* groups: of a group norm */
    float epsilon;
} i2v_norm;

/* Weights as a file has them: in the order that packing takes, at any address. */
typedef struct i2v_source {
    i2v_bytes bytes;
    i2v_element element;
    float scale; /* of values of one byte: what they are multiplied with, in f32 */
    /* The tensor and its file, for the error that one of its values is not finite (backend/plain/source.h). NULL: those
     * of no model, which may have any. */
    const char *name, *file;
} i2v_source;

/* A product of int8 rounds its weights to int8, and what it multiplies them with to int16. So many inputs side by side
 * have one scale, of each output and of each row: what is far larger than the rest costs the digits of its own block
 * alone. Of a block, x is q * scale with scale = max |x| / most and q = x * (most / max |x|), all in f32, q to the
 * nearest whole number, to even from halfway; where max |x| is below I2V_INT8_LEAST, q is 0. `most` is
 * I2V_INT8_MOST for weights, I2V_INT8_ROW_MOST for rows: so that a value's upper byte, rounded, is an int8, and a
 * block's sum fits 32 bits. That sum is exact, and is scaled in f32: sum * (scale of the row * scale of the output).
 * The blocks are summed in f32, from the first on. Of a row that holds NaN or an infinity, the scale is NaN. */
#define I2V_INT8_BLOCK 128
#define I2V_INT8_MOST 127
#define I2V_INT8_ROW_MOST (127 * 256)
#define I2V_INT8_LEAST 1e-30f

/* How a backend lays weights [out, in, taps] out. A panel is a backend's own number of outputs side by side; outputs
 * beyond the last are zero. */
typedef enum i2v_packing {
    I2V_PACKING_ROWS_F32,    /* [out][in][taps], as a file has them */
    I2V_PACKING_PANELS_F32,  /* [panels][taps][in][panel] */
    I2V_PACKING_PANELS_F16,  /* the same of f16 */
    I2V_PACKING_PANELS_BF16, /* the same of bf16 */
    I2V_PACKING_PAIRS_BF16,  /* [panels][taps][in / 2][panel][2] of bf16: two inputs side by side */
    I2V_PACKING_ROWS_INT8,   /* [out][in] of int8, then the scales [out][blocks], of one tap */
    I2V_PACKING_BLOCKS_INT8  /* [panels][blocks] of int8 with their scales (cpu/int8.h), of one tap */
} i2v_packing;

/* What values of the packing are stored as. */
static inline i2v_element i2v_packing_element(i2v_packing packing) {
    switch (packing) {
    case I2V_PACKING_ROWS_F32:
    case I2V_PACKING_PANELS_F32:
        return I2V_ELEMENT_F32;
    case I2V_PACKING_PANELS_F16:
        return I2V_ELEMENT_F16;
    case I2V_PACKING_PANELS_BF16:
    case I2V_PACKING_PAIRS_BF16:
        return I2V_ELEMENT_BF16;
    case I2V_PACKING_ROWS_INT8:
    case I2V_PACKING_BLOCKS_INT8:
        return I2V_ELEMENT_INT8;
    }
    return I2V_ELEMENT_F32;
}

/* Weights [out, in, taps], packed. Values keep the precision of the file: they are widened to f32 when they are
 * multiplied, so f16 and bf16 files are computed exactly as their f32 values. A backend that multiplies bf16 by bf16
 * may choose a packing of bf16 for weights that meet such an input. */
typedef struct i2v_filter {
    int in, out, taps;
    i2v_element element; /* F32, F16, BF16 or INT8 (of one tap): the precision asked for; pairs of bf16 round what asks
                            for more than INT8 */
    i2v_element input;   /* of the activations that it meets; F32 if not known */
    i2v_packing packing; /* chosen once by choose_packing, from what stands above; all else reads it */
    const void *packed;
    i2v_source source; /* of those that are packed at each use (tensor/stream.h), else zero */
} i2v_filter;

#define I2V_LINEAR_MAX_PARTS 3

/* One or more matrices applied to the same input, their outputs side by side (q, k, v): filters of one tap, bias [out]
 * of the part or NULL. */
typedef struct i2v_linear {
    int in, out; /* out: the sum of all parts' */
    int parts_count; /* either all parts are of int8 or none is */
    struct {
        i2v_filter filter;
        const float *bias;
    } parts[I2V_LINEAR_MAX_PARTS];
} i2v_linear;

/* 2D convolution [out, in, kernel, kernel]; zero padding.
 * doubles: of the image doubled first by nearest neighbour; only with kernel 3, stride 1 and padding 1. */
typedef struct i2v_conv {
    int in, out, kernel, stride;
    int pad_before, pad_after; /* top and left, bottom and right */
    int doubles;
    i2v_element element, input; /* see i2v_filter */
    i2v_packing packing;        /* likewise, by i2v_conv_taps */
    const void *packed;
    i2v_source source;
    const float *bias; /* [out] or NULL */
} i2v_conv;

/* Taps of each of the filters that the convolution is packed as: a doubling one is four filters of 2x2. */
static inline int i2v_conv_taps(const i2v_conv *conv) {
    return conv->doubles ? 4 : conv->kernel * conv->kernel;
}

/* Convolution over frames, zero padded: a filter of three taps, tap 1 meets the frame itself. */
typedef struct i2v_temporal_conv {
    i2v_filter filter;
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
 * and with relu = 1 the larger of that and 0 (of -infinity, NaN). All zero but scale = 1: out = product + bias. A
 * residual may be the output itself. */
typedef struct i2v_epilogue {
    const float *vector; /* [out] or NULL: added to every row */
    i2v_activation activation;
    float scale;
    const void *residual[I2V_EPILOGUE_MAX_RESIDUALS]; /* rows x out, stored as the output is, or NULL */
    float residual_scale[I2V_EPILOGUE_MAX_RESIDUALS];
    int relu;
} i2v_epilogue;

/* A group norm applied to an operation's input while it is read: activation((x - mean) scale + shift), with the
 * factors that group_factors made. */
typedef struct i2v_input_norm {
    const float *factors;      /* [sets of rows][mean, scale, shift][channels]; NULL: the input is taken as it is */
    int64_t rows;              /* of a set */
    i2v_activation activation; /* NONE or SILU */
} i2v_input_norm;

/* out[rows, out] from the columns of one or two sources side by side (a skip connection), sources_in[0] +
 * sources_in[1] == weights->in. norm: layer norm of the rows first, or input_norm: group norm; only with one source. */
typedef struct i2v_linear_args {
    int64_t rows;
    const void *source[2];
    int source_channels[2];
    i2v_element element; /* of the sources */
    const i2v_norm *norm;
    i2v_input_norm input_norm;
    const i2v_linear *weights;
    i2v_epilogue epilogue;
    i2v_element out_element;
    void *out;
} i2v_linear_args;

/* GEGLU feed-forward of rows: with n = norm(x), [value, gate] = n W1 + b1, out = epilogue((value * gelu(gate)) W2).
 * value and gate are the two parts of geglu. out may be x. */
typedef struct i2v_feed_forward_args {
    int64_t rows;
    const void *x;
    i2v_element element; /* of x and out */
    const i2v_norm *norm;
    const i2v_linear *geglu;  /* two parts, each [hidden, channels] */
    const i2v_linear *output; /* [channels, hidden] */
    i2v_epilogue epilogue;
    void *out;
} i2v_feed_forward_args;

/* Of the channels of x and, if it has any, skip side by side. */
typedef struct i2v_conv_args {
    const i2v_conv *weights;
    i2v_tensor x, skip, out;
    i2v_input_norm input_norm;
    i2v_epilogue epilogue;
} i2v_conv_args;

/* Of all pixels of the frames, or of a band of them: then x and out have the band's sizes, and their frames may lie as
 * far apart as those of the whole tensor that the band is of. */
typedef struct i2v_temporal_conv_args {
    const i2v_temporal_conv *weights;
    i2v_tensor x, out;
    int64_t x_frame_rows, out_frame_rows; /* rows from frame to frame, of out and its residuals; 0: height * width */
    i2v_input_norm input_norm;
    i2v_epilogue epilogue;
} i2v_temporal_conv_args;

/* Factors of a group norm, for i2v_input_norm: statistics are taken over [height, width, channels / groups] of each
 * frame, or with all_frames of all frames at once. The channels are those of one or two sources side by side; groups
 * may straddle their joint. */
typedef struct i2v_group_factors_args {
    i2v_tensor source[2]; /* source[1].channels is 0 if there is one */
    const i2v_norm *norm;
    int all_frames;
    const void *moments; /* NULL, or those that group_moments made: of source, only the sizes are used */
    float *factors;      /* [frames or 1][mean, scale, shift][channels] */
} i2v_group_factors_args;

/* A part of the statistics of a group norm, from a band of the pixels of each frame, for group_factors once all bands
 * are done: with the bits that it finds by itself. */
typedef struct i2v_group_moments_args {
    i2v_tensor source; /* the band: its height * width pixels */
    const i2v_norm *norm;
    int64_t first, pixels; /* the band's first pixel, a multiple of moments_tile, and the pixels of a whole frame */
    void *moments;         /* moments_size bytes, of all bands */
} i2v_group_moments_args;

/* Self-attention: softmax(q k^T * scale) v for each sequence and head. A sequence's token t of sequence (i, j) lies at
 * i * outer_stride + j * inner_stride + t * token_stride values; head h at h * head_dim of it. The three of qkv share
 * these strides, out has its own. */
typedef struct i2v_attention_args {
    const void *q, *k, *v;
    void *out;
    i2v_element element;          /* of all four */
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

/* Each operation: bytes of scratch for these arguments, and the operation itself. Scratch is 64-byte aligned. Results
 * are the same to the bit whether frames (of conv, spatial attention, group_factors of each), pixels (of temporal
 * attention and temporal_conv) or rows (of linear, feed_forward) come in one call or in several. */
#define I2V_OPERATION(name)                                                                                            \
    size_t (*name##_scratch)(const i2v_device *device, const i2v_##name##_args *args);                                 \
    i2v_status (*name)(const i2v_device *device, const i2v_##name##_args *args, void *scratch, i2v_error *error)

typedef struct i2v_backend {
    const char *name;
    const struct i2v_kernels *kernels; /* for the device that it runs on; NULL: it has none */
    int multiplies_bf16; /* bf16 activations meet dot products of bf16, and are not widened first */
    double int8_rate;    /* how many times as fast products of int8 are as the others, for estimates */
    const i2v_backend_memory *memory; /* where tensors, weights and scratch lie */

    /* The packing of weights of so many inputs and taps, whose values `element` keeps, and which meet `input`. */
    i2v_packing (*choose_packing)(const i2v_device *device, i2v_element element, i2v_element input, int in,
                                  int taps);
    /* Bytes of packed weights, and the packing into that many bytes, 64-byte aligned, of weights [out, in, taps].
     * scratch: pack_scratch bytes, 64-byte aligned, of which those in memory need none. */
    size_t (*pack_scratch)(const i2v_device *device);
    size_t (*filter_size)(const i2v_device *device, const i2v_filter *filter);
    i2v_status (*filter_pack)(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                              void *scratch, void *packed, i2v_error *error);
    /* The same for a convolution's [out, in, kernel, kernel]. */
    size_t (*conv_size)(const i2v_device *device, const i2v_conv *conv);
    i2v_status (*conv_pack)(const i2v_device *device, const i2v_conv *conv, const i2v_source *source, void *scratch,
                            void *packed, i2v_error *error);

    /* Bytes of the moments of whole frames, and what pixels a band's must be a multiple of, but for the last's. */
    size_t (*moments_size)(const i2v_norm *norm, int frames, int64_t pixels);
    int64_t (*moments_tile)(const i2v_norm *norm, int64_t pixels);

    I2V_OPERATION(linear);
    I2V_OPERATION(feed_forward);
    I2V_OPERATION(conv);
    I2V_OPERATION(temporal_conv);
    I2V_OPERATION(group_factors);
    I2V_OPERATION(group_moments);
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
