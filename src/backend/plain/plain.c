/* The plain backend: every operation as its formula reads, for comparison. */
#include "backend/plain/plain.h"

#include "base/half.h"

#include <math.h>
#include <string.h>

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

double i2v_plain_get(i2v_element element, const void *x, int64_t i) {
    if (element == I2V_ELEMENT_F32) return ((const float *)x)[i];
    uint32_t bits = i2v_widen_bf16(((const uint16_t *)x)[i]);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void i2v_plain_set(i2v_element element, void *x, int64_t i, double value) {
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    if (element == I2V_ELEMENT_F32) {
        ((float *)x)[i] = narrow;
    } else {
        ((uint16_t *)x)[i] = i2v_narrow_bf16(bits);
    }
}

void i2v_plain_epilogue(const i2v_epilogue *epilogue, int64_t row, int column, int columns, double product,
                        i2v_element element, void *out) {
    int64_t at = row * columns + column;
    if (epilogue->vector) product += epilogue->vector[column];
    double sum = epilogue->scale * i2v_plain_activate(epilogue->activation, product);
    for (int i = 0; i < I2V_EPILOGUE_MAX_RESIDUALS; i++) {
        const void *residual = epilogue->residual[i];
        if (residual) sum += i2v_plain_get(element, residual, at) * epilogue->residual_scale[i];
    }
    if (epilogue->relu) sum = 0.5 * (sum + fabs(sum)); /* of -infinity, NaN */
    i2v_plain_set(element, out, at, sum);
}

void i2v_plain_input(const void *const source[2], const int channels[2], i2v_element element,
                     const i2v_input_norm *norm, int64_t row, double *x) {
    int all = channels[0] + channels[1];
    for (int c = 0; c < all; c++) {
        int second = c >= channels[0];
        x[c] = i2v_plain_get(element, source[second], row * channels[second] + c - (second ? channels[0] : 0));
        if (!norm->factors) continue;
        const float *mean = norm->factors + row / norm->rows * 3 * all + c;
        x[c] = i2v_plain_activate(norm->activation, (x[c] - mean[0]) * mean[all] + mean[2 * all]);
    }
}

void i2v_plain_norm_row(const i2v_norm *norm, int channels, double *x) {
    if (!norm) return;
    double mean = 0, square = 0;
    for (int c = 0; c < channels; c++) mean += x[c];
    mean /= channels;
    for (int c = 0; c < channels; c++) square += (x[c] - mean) * (x[c] - mean);
    double factor = 1 / sqrt(square / channels + norm->epsilon);
    for (int c = 0; c < channels; c++) x[c] = (x[c] - mean) * factor * norm->weight[c] + norm->bias[c];
}

static const i2v_backend plain = {.name = "plain",
                                  .int8_rate = 1,
                                  .memory = &i2v_plain_memory,
                                  .pack_scratch = i2v_plain_pack_scratch,
                                  .choose_packing = i2v_plain_choose_packing,
                                  .filter_size = i2v_plain_filter_size,
                                  .filter_pack = i2v_plain_filter_pack,
                                  .conv_size = i2v_plain_conv_size,
                                  .conv_pack = i2v_plain_conv_pack,
                                  .moments_size = i2v_plain_moments_size,
                                  .moments_tile = i2v_plain_moments_tile,
                                  .linear_scratch = i2v_plain_linear_scratch,
                                  .linear = i2v_plain_linear,
                                  .feed_forward_scratch = i2v_plain_feed_forward_scratch,
                                  .feed_forward = i2v_plain_feed_forward,
                                  .conv_scratch = i2v_plain_conv_scratch,
                                  .conv = i2v_plain_conv,
                                  .temporal_conv_scratch = i2v_plain_temporal_conv_scratch,
                                  .temporal_conv = i2v_plain_temporal_conv,
                                  .group_factors_scratch = i2v_plain_group_factors_scratch,
                                  .group_factors = i2v_plain_group_factors,
                                  .group_moments_scratch = i2v_plain_group_moments_scratch,
                                  .group_moments = i2v_plain_group_moments,
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
