/* Products of int8 as the formula reads (I2V_INT8_BLOCK in backend.h). */
#include "backend/plain/plain.h"

#include <float.h>
#include <math.h>

/* The scale of a block, and what its values are multiplied with. */
static float scale_of(const float *x, int count, float most, float *factor) {
    float largest = 0;
    for (int i = 0; i < count; i++) {
        if (!(fabsf(x[i]) <= FLT_MAX)) largest = NAN;
        if (fabsf(x[i]) > largest) largest = fabsf(x[i]);
    }
    *factor = largest >= I2V_INT8_LEAST ? most / largest : 0;
    return largest / most;
}

static int round_value(float x, float factor) {
    return isfinite(x) ? (int)lrintf(x * factor) : 0;
}

i2v_status i2v_plain_int8_pack(const i2v_filter *filter, const i2v_source *source, void *packed, i2v_error *error) {
    size_t in = (size_t)filter->in, count = (size_t)filter->out * in;
    int8_t *out = packed;
    float *scales = (float *)(void *)((char *)packed + i2v_plain_int8_scales_at(filter)), values[I2V_INT8_BLOCK];
    for (size_t first = 0, end; first < count; first = end) {
        size_t left = in - first % in;
        end = first + (left < I2V_INT8_BLOCK ? left : I2V_INT8_BLOCK);
        i2v_status status = i2v_plain_read(source, first, end - first, count, values, error);
        if (status) return status;
        float factor;
        *scales++ = scale_of(values, (int)(end - first), I2V_INT8_MOST, &factor);
        for (size_t i = first; i < end; i++) out[i] = (int8_t)round_value(values[i - first], factor);
    }
    return I2V_OK;
}

double i2v_plain_int8_dot(const i2v_filter *filter, int out, const double *x) {
    const int8_t *weights = (const int8_t *)filter->packed + (size_t)out * (size_t)filter->in;
    const float *scales =
        (const float *)(const void *)((const char *)filter->packed + i2v_plain_int8_scales_at(filter));
    size_t blocks = i2v_plain_int8_blocks(filter->in);
    double total = 0;
    for (size_t block = 0; block < blocks; block++) {
        int first = (int)block * I2V_INT8_BLOCK, left = filter->in - first, sum = 0;
        int count = left < I2V_INT8_BLOCK ? left : I2V_INT8_BLOCK;
        float values[I2V_INT8_BLOCK], factor;
        for (int i = 0; i < count; i++) values[i] = (float)x[first + i];
        float scale = scale_of(values, count, I2V_INT8_ROW_MOST, &factor);
        for (int i = 0; i < count; i++) sum += round_value(values[i], factor) * weights[first + i];
        total += (double)sum * (scale * scales[(size_t)out * blocks + block]);
    }
    return total;
}
