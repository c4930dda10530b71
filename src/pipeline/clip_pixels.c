/* A picture as CLIP wants it. */
#include "pipeline/clip_pixels.h"

#include <math.h>
#include <stdlib.h>

/* Of the picture, the bicubic reads no more than four columns an output column: only they are blurred, and of their
 * rows a window is kept. So memory and time are small whatever the picture's size. */
#define COLUMNS (4 * I2V_CLIP_SIDE)
#define LINE ((size_t)COLUMNS * 3)

/* The four pixels that an output pixel is made of, along one axis. */
typedef struct {
    int at[4];
    float weights[4];
} cubic_taps;

typedef struct {
    const i2v_image *image;
    float values[256]; /* of a sample: -1..1 */
    float *kernel_x, *kernel_y;
    int taps_x, taps_y;
    cubic_taps columns[I2V_CLIP_SIDE];
    float *lines;   /* [window][LINE]: rows blurred along x; row y has place y % window */
    int *rows;      /* [window]: which row lies there; -1: none */
    int window;     /* as many rows as make the four of the bicubic */
    float *blurred; /* [4][LINE]: blurred along y too */
} clip_resize;

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

/* Row y of the picture, blurred along x. */
static const float *blurred_line(clip_resize *r, int y) {
    int place = y % r->window;
    float *out = r->lines + (size_t)place * LINE;
    if (r->rows[place] == y) return out;
    const uint8_t *row = r->image->pixels + (size_t)y * (size_t)r->image->width * 3;
    for (size_t i = 0; i < COLUMNS; i++) {
        int x = r->columns[i / 4].at[i % 4];
        float sum[3] = {0};
        for (int k = 0; k < r->taps_x; k++) {
            const uint8_t *pixel = row + (size_t)reflect(x + k - r->taps_x / 2, r->image->width) * 3;
            for (int c = 0; c < 3; c++) sum[c] += r->kernel_x[k] * r->values[pixel[c]];
        }
        for (size_t c = 0; c < 3; c++) out[3 * i + c] = sum[c];
    }
    r->rows[place] = y;
    return out;
}

/* Row y, blurred along both axes. */
static void blur(clip_resize *r, int y, float *out) {
    for (size_t i = 0; i < LINE; i++) out[i] = 0;
    for (int k = 0; k < r->taps_y; k++) {
        const float *line = blurred_line(r, reflect(y + k - r->taps_y / 2, r->image->height));
        for (size_t i = 0; i < LINE; i++) out[i] += r->kernel_y[k] * line[i];
    }
}

/* Cubic convolution with a = -0.75 around position i of CLIP's grid, corners aligned. */
static cubic_taps taps_of(int i, int size) {
    const float a = -0.75f;
    float scale = (float)(size - 1) / (float)(I2V_CLIP_SIDE - 1);
    float position = scale * (float)i;
    int first = (int)floorf(position);
    float t = position - (float)first;
    cubic_taps taps;
    for (int k = 0; k < 4; k++) {
        int at = first + k - 1;
        taps.at[k] = at < 0 ? 0 : at >= size ? size - 1 : at;
        float d = fabsf(t - (float)(k - 1));
        taps.weights[k] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
    return taps;
}

/* One row of the result, from the four of taps. */
static void bicubic_row(const clip_resize *r, const cubic_taps *taps, const i2v_normalization *normalization,
                        float *out) {
    for (size_t x = 0; x < I2V_CLIP_SIDE; x++) {
        for (size_t c = 0; c < 3; c++) {
            float sum = 0;
            for (size_t j = 0; j < 4; j++) {
                const float *values = r->blurred + j * LINE + 4 * x * 3 + c;
                float line = 0;
                for (size_t k = 0; k < 4; k++) line += r->columns[x].weights[k] * values[3 * k];
                sum += taps->weights[j] * line;
            }
            float unit = (sum + 1.0f) / 2.0f;
            *out++ = (unit - (float)normalization->mean[c]) / (float)normalization->deviation[c];
        }
    }
}

static i2v_status resize_init(clip_resize *r, const i2v_image *image, i2v_error *error) {
    *r = (clip_resize){.image = image};
    r->kernel_x = gaussian(image->width, &r->taps_x);
    r->kernel_y = gaussian(image->height, &r->taps_y);
    r->window = r->taps_y + 3;
    size_t window = (size_t)r->window;
    r->lines = malloc(window * LINE * sizeof *r->lines);
    r->rows = malloc(window * sizeof *r->rows);
    r->blurred = malloc(4 * LINE * sizeof *r->blurred);
    if (!r->kernel_x || !r->kernel_y || !r->lines || !r->rows || !r->blurred) {
        return i2v_fail_memory(error, "the picture", (window + 4) * LINE * sizeof *r->lines);
    }
    for (int i = 0; i < 256; i++) r->values[i] = (float)i / 255.0f * 2.0f - 1.0f;
    for (int x = 0; x < I2V_CLIP_SIDE; x++) r->columns[x] = taps_of(x, image->width);
    for (int i = 0; i < r->window; i++) r->rows[i] = -1;
    return I2V_OK;
}

static void resize_clean_up(clip_resize *r) {
    free(r->kernel_x);
    free(r->kernel_y);
    free(r->lines);
    free(r->rows);
    free(r->blurred);
}

i2v_status i2v_clip_pixels(float *out, const i2v_image *image, const i2v_normalization *normalization,
                           i2v_error *error) {
    clip_resize resize;
    i2v_status status = resize_init(&resize, image, error);
    for (int y = 0; !status && y < I2V_CLIP_SIDE; y++) {
        cubic_taps rows = taps_of(y, image->height);
        for (size_t j = 0; j < 4; j++) blur(&resize, rows.at[j], resize.blurred + j * LINE);
        bicubic_row(&resize, &rows, normalization, out + (size_t)y * I2V_CLIP_SIDE * 3);
    }
    resize_clean_up(&resize);
    return status;
}
