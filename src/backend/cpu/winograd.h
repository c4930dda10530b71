/* Convolutions of kernel 3 by Winograd's method. Over an image, tiles of 2x2 outputs multiply 2.25 times less, and
 * tiles of 4x4 4 times less; over frames, tiles of 2 outputs 1.5 times less, and of 4 twice. Transforms are f32, and so
 * are sums. The larger tile's rounding is 3e-6 of the largest value in f32; pairs of bf16, which are rounded after the
 * transform, would be magnified, and have the smaller one. */
#ifndef I2V_BACKEND_CPU_WINOGRAD_H
#define I2V_BACKEND_CPU_WINOGRAD_H

#include "backend/cpu/cpu.h"

/* Channels from which the transforms cost little beside the products. */
enum { I2V_WINOGRAD_LEAST_CHANNELS = 64 };
/* Inputs summed in one go, or pairs of them: their transformed weights, for a panel, stay in the second cache. */
enum { I2V_WINOGRAD_DEPTH = 128 };

/* Whether the convolution is of that kind, and large enough to gain. Depends on shapes and elements only; over frames,
 * not on how many pixels they have. */
int i2v_winograd_fits(const i2v_conv_args *args);
int i2v_winograd_frames_fit(const i2v_kernels *kernels, const i2v_temporal_conv_args *args);

size_t i2v_winograd_scratch(const i2v_device *device, const i2v_conv_args *args);
void i2v_winograd_conv(const i2v_device *device, const i2v_conv_args *args, void *scratch);

size_t i2v_winograd_frames_scratch(const i2v_device *device, const i2v_temporal_conv_args *args);
void i2v_winograd_frames(const i2v_device *device, const i2v_temporal_conv_args *args, void *scratch);

/* The products of transformed inputs and weights, at each point of the transform. */
typedef struct i2v_winograd_products {
    const i2v_kernels *kernels;
    const i2v_filter *filter;
    void (*transform)(const i2v_winograd_weights *weights);
    int pairs; /* see i2v_product */
    int m, points;
    int64_t rows;             /* of a point */
    const float *transformed; /* [points][rows][in], bf16 for pairs */
    float *weights;           /* scratch of i2v_winograd_weights_floats */
    float *sums;              /* [points][rows][sums_stride] */
    int64_t sums_stride;
} i2v_winograd_products;

/* From point to point; a cache line more than there are, so that points lie in different sets of the first cache. */
static inline int64_t i2v_winograd_weights_stride(const i2v_kernels *kernels) {
    return (int64_t)I2V_WINOGRAD_DEPTH * kernels->panel + 16;
}

static inline int64_t i2v_winograd_weights_floats(const i2v_kernels *kernels, int points) {
    return points * i2v_winograd_weights_stride(kernels);
}

/* sums of `columns` output channels from `first` on. */
void i2v_winograd_sum(const i2v_winograd_products *products, int first, int columns);

#endif
