#include "pipeline/clip_pixels.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    float *values; /* [height, width, 3] */
    int height, width;
} plane;

/* Position i of a line of n values that is mirrored at both ends, the end itself not repeated. */
static int reflect(int i, int n) {
    if (n == 1) return 0;
    while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
    return i;
}

/* Weights of a Gaussian window for shrinking `size` pixels to CLIP's; *count is odd. NULL without memory. */
static float *gaussian(int size, int *count) {
    double factor = (double)size / I2V_CLIP_SIDE;
    double sigma = fmax((factor - 1.0) / 2.0, 0.001);
    *count = (int)fmax(2.0 * 2 * sigma, 3);
    if (*count % 2 == 0) ++*count;
    float *weights = malloc((size_t)*count * sizeof *weights);
    if (!weights) return NULL;
    float sum = 0, narrow = (float)sigma;
    for (int i = 0; i < *count; i++) {
        float x = (float)(i - *count / 2);
        weights[i] = expf(-(x * x) / (2 * narrow * narrow));
        sum += weights[i];
    }
    for (int i = 0; i < *count; i++) weights[i] /= sum;
    return weights;
}

/* Blurs along one axis: dx, dy is the step from one tap to the next. */
static void blur(plane out, plane in, const float *weights, int count, int dx, int dy) {
    for (int y = 0; y < in.height; y++) {
        for (int x = 0; x < in.width; x++) {
            float sum[3] = {0};
            for (int k = 0; k < count; k++) {
                int sx = dx ? reflect(x + k - count / 2, in.width) : x;
                int sy = dy ? reflect(y + k - count / 2, in.height) : y;
                const float *pixel = in.values + ((int64_t)sy * in.width + sx) * 3;
                for (int c = 0; c < 3; c++) sum[c] += weights[k] * pixel[c];
            }
            float *to = out.values + ((int64_t)y * in.width + x) * 3;
            for (int c = 0; c < 3; c++) to[c] = sum[c];
        }
    }
}

/* The four taps of cubic convolution with a = -0.75 around position i of CLIP's grid, corners aligned. */
static void cubic_taps(int i, int size, int taps[4], float weights[4]) {
    const float a = -0.75f;
    float scale = (float)(size - 1) / (float)(I2V_CLIP_SIDE - 1);
    float position = scale * (float)i;
    int first = (int)floorf(position);
    float t = position - (float)first;
    for (int k = 0; k < 4; k++) {
        int at = first + k - 1;
        taps[k] = at < 0 ? 0 : at >= size ? size - 1 : at;
        float d = fabsf(t - (float)(k - 1));
        weights[k] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
}

static void bicubic(float *out, plane in, const i2v_normalization *normalization) {
    for (int y = 0; y < I2V_CLIP_SIDE; y++) {
        int rows[4], columns[4];
        float row_weights[4], column_weights[4];
        cubic_taps(y, in.height, rows, row_weights);
        for (int x = 0; x < I2V_CLIP_SIDE; x++) {
            cubic_taps(x, in.width, columns, column_weights);
            for (int c = 0; c < 3; c++) {
                float sum = 0;
                for (int j = 0; j < 4; j++) {
                    float line = 0;
                    for (int k = 0; k < 4; k++) {
                        line += column_weights[k] * in.values[((int64_t)rows[j] * in.width + columns[k]) * 3 + c];
                    }
                    sum += row_weights[j] * line;
                }
                float unit = (sum + 1.0f) / 2.0f;
                *out++ = (unit - (float)normalization->mean[c]) / (float)normalization->deviation[c];
            }
        }
    }
}

i2v_status i2v_clip_pixels(float *out, const i2v_image *image, const i2v_normalization *normalization,
                           i2v_error *error) {
    size_t count = (size_t)image->width * (size_t)image->height * 3;
    int taps_x = 0, taps_y = 0;
    float *kernel_x = gaussian(image->width, &taps_x);
    float *kernel_y = gaussian(image->height, &taps_y);
    plane a = {malloc(count * sizeof(float)), image->height, image->width};
    plane b = {malloc(count * sizeof(float)), image->height, image->width};
    i2v_status status = I2V_OK;
    if (a.values && b.values && kernel_x && kernel_y) {
        for (size_t i = 0; i < count; i++) a.values[i] = (float)image->pixels[i] / 255.0f * 2.0f - 1.0f;
        blur(b, a, kernel_x, taps_x, 1, 0);
        blur(a, b, kernel_y, taps_y, 0, 1);
        bicubic(out, a, normalization);
    } else {
        status = i2v_fail_memory(error, "the picture", 2 * count * sizeof(float));
    }
    free(a.values);
    free(b.values);
    free(kernel_x);
    free(kernel_y);
    return status;
}
