/* Parts shared by the operations of the plain backend. All sums are in double. */
#ifndef I2V_BACKEND_PLAIN_PLAIN_H
#define I2V_BACKEND_PLAIN_PLAIN_H

#include "backend/backend.h"

/* Value i of x, and its being set. */
double i2v_plain_get(i2v_element element, const void *x, int64_t i);
void i2v_plain_set(i2v_element element, void *x, int64_t i, double value);

/* Sets the output at (row, column) of a matrix of `columns` columns; product includes the bias. */
void i2v_plain_epilogue(const i2v_epilogue *epilogue, int64_t row, int column, int columns, double product,
                        i2v_element element, void *out);
/* x[channels of both] = row `row` of one or two sources side by side, through a group norm if there is one. */
void i2v_plain_input(const void *const source[2], const int channels[2], i2v_element element,
                     const i2v_input_norm *norm, int64_t row, double *x);
double i2v_plain_activate(i2v_activation activation, double x);
/* Layer norm of a row in place; nothing without a norm. */
void i2v_plain_norm_row(const i2v_norm *norm, int channels, double *x);

/* Of every backend that computes on the host. */
extern const i2v_backend_memory i2v_plain_memory;

size_t i2v_plain_pack_scratch(const i2v_device *device);
i2v_packing i2v_plain_choose_packing(const i2v_device *device, i2v_element element, i2v_element input, int in,
                                     int taps);
size_t i2v_plain_filter_size(const i2v_device *device, const i2v_filter *filter);
i2v_status i2v_plain_filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                                 void *scratch, void *packed, i2v_error *error);
size_t i2v_plain_conv_size(const i2v_device *device, const i2v_conv *conv);
i2v_status i2v_plain_conv_pack(const i2v_device *device, const i2v_conv *conv, const i2v_source *source, void *scratch,
                               void *packed, i2v_error *error);

/* Values first..first + values of the source's `count`, I2V_PLAIN_PIECE at most, as f32. */
enum { I2V_PLAIN_PIECE = 1024 };
i2v_status i2v_plain_read(const i2v_source *source, size_t first, size_t values, size_t count, float *out,
                          i2v_error *error);

/* Rows of int8 (I2V_INT8_BLOCK). Blocks of so many inputs; the bytes before the scales of packed weights; packing. */
static inline size_t i2v_plain_int8_blocks(int in) {
    return ((size_t)in + I2V_INT8_BLOCK - 1) / I2V_INT8_BLOCK;
}
static inline size_t i2v_plain_int8_scales_at(const i2v_filter *filter) {
    return ((size_t)filter->out * (size_t)filter->in + 3) / 4 * 4;
}
i2v_status i2v_plain_int8_pack(const i2v_filter *filter, const i2v_source *source, void *packed, i2v_error *error);
/* The product of the row x[in] with row `out` of packed weights. */
double i2v_plain_int8_dot(const i2v_filter *filter, int out, const double *x);

size_t i2v_plain_linear_scratch(const i2v_device *device, const i2v_linear_args *args);
i2v_status i2v_plain_linear(const i2v_device *device, const i2v_linear_args *args, void *scratch, i2v_error *error);
size_t i2v_plain_feed_forward_scratch(const i2v_device *device, const i2v_feed_forward_args *args);
i2v_status i2v_plain_feed_forward(const i2v_device *device, const i2v_feed_forward_args *args, void *scratch,
                                  i2v_error *error);

size_t i2v_plain_conv_scratch(const i2v_device *device, const i2v_conv_args *args);
i2v_status i2v_plain_conv(const i2v_device *device, const i2v_conv_args *args, void *scratch, i2v_error *error);
size_t i2v_plain_temporal_conv_scratch(const i2v_device *device, const i2v_temporal_conv_args *args);
i2v_status i2v_plain_temporal_conv(const i2v_device *device, const i2v_temporal_conv_args *args, void *scratch,
                                   i2v_error *error);

size_t i2v_plain_group_factors_scratch(const i2v_device *device, const i2v_group_factors_args *args);
i2v_status i2v_plain_group_factors(const i2v_device *device, const i2v_group_factors_args *args, void *scratch,
                                   i2v_error *error);
size_t i2v_plain_moments_size(const i2v_norm *norm, int frames, int64_t pixels);
int64_t i2v_plain_moments_tile(const i2v_norm *norm, int64_t pixels);
size_t i2v_plain_group_moments_scratch(const i2v_device *device, const i2v_group_moments_args *args);
i2v_status i2v_plain_group_moments(const i2v_device *device, const i2v_group_moments_args *args, void *scratch,
                                   i2v_error *error);
size_t i2v_plain_layer_norm_scratch(const i2v_device *device, const i2v_layer_norm_args *args);
i2v_status i2v_plain_layer_norm(const i2v_device *device, const i2v_layer_norm_args *args, void *scratch,
                                i2v_error *error);

size_t i2v_plain_attention_scratch(const i2v_device *device, const i2v_attention_args *args);
i2v_status i2v_plain_attention(const i2v_device *device, const i2v_attention_args *args, void *scratch,
                               i2v_error *error);

size_t i2v_plain_add_vectors_scratch(const i2v_device *device, const i2v_add_vectors_args *args);
i2v_status i2v_plain_add_vectors(const i2v_device *device, const i2v_add_vectors_args *args, void *scratch,
                                 i2v_error *error);
size_t i2v_plain_upsample_scratch(const i2v_device *device, const i2v_upsample_args *args);
i2v_status i2v_plain_upsample(const i2v_device *device, const i2v_upsample_args *args, void *scratch, i2v_error *error);

#endif
