/* How alike two frames are. */
#include "likeness.h"

#include <math.h>
#include <stdlib.h>

static size_t values_of(const i2v_image *image) {
    return 3 * (size_t)image->width * (size_t)image->height;
}

double cli_mean_square(const i2v_image *a, const i2v_image *b) {
    size_t count = values_of(a);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int difference = a->pixels[i] - b->pixels[i];
        sum += (unsigned)(difference * difference);
    }
    return (double)sum / (double)count;
}

double cli_psnr(double mean_square) {
    return mean_square > 0 ? 10 * log10(255.0 * 255.0 / mean_square) : INFINITY;
}

double cli_mean_difference(const i2v_image *a, const i2v_image *b) {
    size_t count = values_of(a);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (unsigned)abs(a->pixels[i] - b->pixels[i]);
    return (double)sum / (double)count;
}

/* ---- SSIM ------------------------------------------------------------------------------------------------------- */

enum { WINDOW = 11, MOMENTS = 5 };

/* A row of windows: means of a, b, aa, bb and ab down the columns, [MOMENTS][3 * width]. */
typedef struct window_row {
    double weights[WINDOW];
    size_t values; /* of a row of pixels */
    float *moments;
} window_row;

static void choose_weights(double weights[WINDOW]) {
    const double sigma = 1.5;
    double sum = 0;
    for (int i = 0; i < WINDOW; i++) {
        double place = i - WINDOW / 2;
        sum += weights[i] = exp(-place * place / (2 * sigma * sigma));
    }
    for (int i = 0; i < WINDOW; i++) weights[i] /= sum;
}

/* The windows whose upper row is y. Differences from the middle of the range keep floats exact enough. */
static void add_columns(window_row *row, const i2v_image *a, const i2v_image *b, int y) {
    size_t count = row->values;
    float *mean_a = row->moments, *mean_b = mean_a + count, *aa = mean_b + count, *bb = aa + count, *ab = bb + count;
    for (size_t i = 0; i < MOMENTS * count; i++) row->moments[i] = 0;
    for (int k = 0; k < WINDOW; k++) {
        const uint8_t *from_a = a->pixels + (size_t)(y + k) * count, *from_b = b->pixels + (size_t)(y + k) * count;
        float weight = (float)row->weights[k];
        for (size_t i = 0; i < count; i++) {
            float value_a = (float)(from_a[i] - 128), value_b = (float)(from_b[i] - 128);
            mean_a[i] += weight * value_a;
            mean_b[i] += weight * value_b;
            aa[i] += weight * value_a * value_a;
            bb[i] += weight * value_b * value_b;
            ab[i] += weight * value_a * value_b;
        }
    }
}

/* The mean of one moment along the row, from value i on. */
static double across(const window_row *row, int moment, size_t i) {
    const float *values = row->moments + (size_t)moment * row->values + i;
    double sum = 0;
    for (int k = 0; k < WINDOW; k++) sum += row->weights[k] * values[3 * k];
    return sum;
}

static double index_at(const window_row *row, size_t i) {
    const double c1 = (0.01 * 255) * (0.01 * 255), c2 = (0.03 * 255) * (0.03 * 255), middle = 128;
    double a = across(row, 0, i), b = across(row, 1, i);
    double variance_a = across(row, 2, i) - a * a, variance_b = across(row, 3, i) - b * b;
    double covariance = across(row, 4, i) - a * b;
    a += middle;
    b += middle;
    return (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (variance_a + variance_b + c2));
}

int cli_ssim(const i2v_image *a, const i2v_image *b, double *ssim) {
    *ssim = NAN;
    if (a->width < WINDOW || a->height < WINDOW) return 1;
    window_row row = {.values = 3 * (size_t)a->width};
    size_t windows = 3 * (size_t)(a->width - WINDOW + 1);
    double sum = 0;
    choose_weights(row.weights);
    row.moments = malloc(MOMENTS * row.values * sizeof *row.moments);
    if (!row.moments) return 0;
    for (int y = 0; y + WINDOW <= a->height; y++) {
        add_columns(&row, a, b, y);
        for (size_t i = 0; i < windows; i++) sum += index_at(&row, i);
    }
    free(row.moments);
    *ssim = sum / ((double)windows * (a->height - WINDOW + 1));
    return 1;
}
