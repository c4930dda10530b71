/* The plain backend: every operation as its formula reads, for comparison. */
#include "backend/plain/plain.h"

#include <math.h>

double i2v_plain_activate(i2v_activation activation, double x) {
    switch (activation) {
    case I2V_ACTIVATION_SILU:
        return x / (1 + exp(-x));
    case I2V_ACTIVATION_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    case I2V_ACTIVATION_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    case I2V_ACTIVATION_NONE:
        break;
    }
    return x;
}

float i2v_plain_epilogue(const i2v_epilogue *epilogue, int64_t row, int column, int columns, double product) {
    if (epilogue->vector) product += epilogue->vector[column];
    double sum = epilogue->scale * i2v_plain_activate(epilogue->activation, product);
    for (int i = 0; i < I2V_EPILOGUE_MAX_RESIDUALS; i++) {
        const float *residual = epilogue->residual[i];
        if (residual) sum += (double)residual[row * columns + column] * epilogue->residual_scale[i];
    }
    return (float)sum;
}

void i2v_plain_norm_row(const i2v_norm *norm, const float *x, int channels, double *normed) {
    for (int c = 0; c < channels; c++) normed[c] = x[c];
    if (!norm) return;
    double mean = 0, square = 0;
    for (int c = 0; c < channels; c++) mean += x[c];
    mean /= channels;
    for (int c = 0; c < channels; c++) square += (x[c] - mean) * (x[c] - mean);
    double factor = 1 / sqrt(square / channels + norm->epsilon);
    for (int c = 0; c < channels; c++) normed[c] = (x[c] - mean) * factor * norm->weight[c] + norm->bias[c];
}

static const i2v_backend plain = {.name = "plain",
                                  .filter_size = i2v_plain_filter_size,
                                  .filter_pack = i2v_plain_filter_pack,
                                  .conv_size = i2v_plain_conv_size,
                                  .conv_pack = i2v_plain_conv_pack,
                                  .linear_scratch = i2v_plain_linear_scratch,
                                  .linear = i2v_plain_linear,
                                  .feed_forward_scratch = i2v_plain_feed_forward_scratch,
                                  .feed_forward = i2v_plain_feed_forward,
                                  .conv_scratch = i2v_plain_conv_scratch,
                                  .conv = i2v_plain_conv,
                                  .temporal_conv_scratch = i2v_plain_temporal_conv_scratch,
                                  .temporal_conv = i2v_plain_temporal_conv,
                                  .group_norm_scratch = i2v_plain_group_norm_scratch,
                                  .group_norm = i2v_plain_group_norm,
                                  .layer_norm_scratch = i2v_plain_layer_norm_scratch,
                                  .layer_norm = i2v_plain_layer_norm,
                                  .attention_scratch = i2v_plain_attention_scratch,
                                  .attention = i2v_plain_attention,
                                  .add_vectors_scratch = i2v_plain_add_vectors_scratch,
                                  .add_vectors = i2v_plain_add_vectors,
                                  .upsample_scratch = i2v_plain_upsample_scratch,
                                  .upsample = i2v_plain_upsample};

const i2v_backend *i2v_backend_plain(void) {
    return &plain;
}
