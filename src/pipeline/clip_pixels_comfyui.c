/* A picture as ComfyUI's image encoder sees it (comfy/clip_vision.py, 0.3.64): the smaller side brought to CLIP's by
 * PyTorch's bicubic with antialias, the centre square, rounded to 8 bits.
 *
 * Because it is rounded, a difference in the last place of a sum may become one of 1/255. So every operation is
 * PyTorch's, as its kernels for AVX2 and AVX-512 round it; its others differ from those in single values. */
#include "pipeline/clip_pixels.h"

#include <math.h>
#include <stdlib.h>

#define LINE ((size_t)I2V_CLIP_SIDE * 3)

/* One axis: output i is the sum over j < count[i] of source[first[i] + j] times weights[i * taps + j]. */
typedef struct axis {
    int taps, first[I2V_CLIP_SIDE], count[I2V_CLIP_SIDE];
    float *weights;
} axis;

typedef struct square_resize {
    const i2v_image *image;
    float values[256]; /* of a sample: 0..1 */
    axis columns, rows;
    float *lines; /* [rows.taps][LINE]: rows resized along x; row y has place y % rows.taps */
    int *present; /* [rows.taps]: which row lies there; -1: none */
} square_resize;

/* Cubic convolution with a = -0.5. */
static float cubic(float x) {
    const float a = -0.5f;
    x = fabsf(x);
    if (x < 1) return fmaf(fmaf(a + 2, x, -(a + 3)) * x, x, 1);
    if (x < 2) return fmaf(fmaf(fmaf(a, x, -5 * a), x, 8 * a), x, -4 * a);
    return 0;
}

/* sum + value * weight for term j of count. The first is a product, and of the others, as many groups of four as there
 * are multiply first, the rest in one rounding. */
static float add_term(float sum, float value, float weight, int j, int count) {
    return j <= (count - 1) / 4 * 4 ? sum + value * weight : fmaf(value, weight, sum);
}

static void axis_sample(axis *a, int i, float center, float support, float inverse, int size) {
    float *weights = a->weights + (size_t)i * (size_t)a->taps, total = 0;
    int first = (int)(center - support + 0.5f), end = (int)(center + support + 0.5f);
    if (first < 0) first = 0;
    if (end > size) end = size;
    a->first[i] = first;
    a->count[i] = end - first < a->taps ? end - first : a->taps;
    for (int j = 0; j < a->count[i]; j++) {
        weights[j] = cubic(((float)(j + first) - center + 0.5f) * inverse);
        total += weights[j];
    }
    for (int j = 0; j < a->count[i]; j++) weights[j] /= total;
}

/* A side of `size` pixels, of which the smaller of the picture is `least`. */
static int axis_init(axis *a, int size, int least) {
    int resized = (int)rint((double)I2V_CLIP_SIDE / least * size), from = (resized - I2V_CLIP_SIDE) / 2;
    float scale = (float)size / (float)resized, support = scale >= 1 ? 2 * scale : 2;
    a->taps = (int)ceilf(support) * 2 + 1;
    a->weights = malloc(I2V_CLIP_SIDE * (size_t)a->taps * sizeof *a->weights);
    if (!a->weights) return 0;
    for (int i = 0; i < I2V_CLIP_SIDE; i++) {
        axis_sample(a, i, scale * ((float)(from + i) + 0.5f), support, scale >= 1 ? 1 / scale : 1, size);
    }
    return 1;
}

/* Row y of the picture, resized along x. */
static const float *line_of(square_resize *r, int y) {
    int place = y % r->rows.taps;
    float *out = r->lines + (size_t)place * LINE;
    if (r->present[place] == y) return out;
    const uint8_t *row = r->image->pixels + (size_t)y * (size_t)r->image->width * 3;
    for (size_t x = 0; x < I2V_CLIP_SIDE; x++) {
        const float *weights = r->columns.weights + x * (size_t)r->columns.taps;
        for (size_t c = 0; c < 3; c++) {
            const uint8_t *sample = row + (size_t)r->columns.first[x] * 3 + c;
            int count = r->columns.count[x];
            float sum = 0;
            for (int j = 0; j < count; j++) sum = add_term(sum, r->values[sample[3 * j]], weights[j], j, count);
            out[3 * x + c] = sum;
        }
    }
    r->present[place] = y;
    return out;
}

static void row_of(square_resize *r, int y, float *out) {
    const float *weights = r->rows.weights + (size_t)y * (size_t)r->rows.taps;
    int count = r->rows.count[y];
    for (size_t i = 0; i < LINE; i++) out[i] = 0;
    for (int j = 0; j < count; j++) {
        const float *line = line_of(r, r->rows.first[y] + j);
        for (size_t i = 0; i < LINE; i++) out[i] = add_term(out[i], line[i], weights[j], j, count);
    }
}

static void round_and_normalize(float *row, const i2v_normalization *normalization) {
    for (size_t i = 0; i < LINE; i++) {
        float value = rintf(fminf(fmaxf(255.0f * row[i], 0), 255)) / 255.0f;
        row[i] = (value - (float)normalization->mean[i % 3]) / (float)normalization->deviation[i % 3];
    }
}

static i2v_status resize_init(square_resize *r, const i2v_image *image, i2v_error *error) {
    int least = image->width < image->height ? image->width : image->height;
    *r = (square_resize){.image = image};
    int made = axis_init(&r->columns, image->width, least) && axis_init(&r->rows, image->height, least);
    size_t window = (size_t)r->rows.taps;
    r->lines = made ? malloc(window * LINE * sizeof *r->lines) : NULL;
    r->present = made ? malloc(window * sizeof *r->present) : NULL;
    if (!r->lines || !r->present) return i2v_fail_memory(error, "the picture", window * LINE * sizeof *r->lines);
    for (int i = 0; i < 256; i++) r->values[i] = (float)i / 255.0f;
    for (size_t i = 0; i < window; i++) r->present[i] = -1;
    return I2V_OK;
}

i2v_status i2v_clip_pixels_comfyui(float *out, const i2v_image *image, const i2v_normalization *normalization,
                                   i2v_error *error) {
    square_resize resize;
    i2v_status status = resize_init(&resize, image, error);
    for (int y = 0; !status && y < I2V_CLIP_SIDE; y++) {
        float *row = out + (size_t)y * LINE;
        row_of(&resize, y, row);
        round_and_normalize(row, normalization);
    }
    free(resize.columns.weights);
    free(resize.rows.weights);
    free(resize.lines);
    free(resize.present);
    return status;
}
