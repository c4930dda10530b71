/* ComfyUI's resize of a picture to a video's size (common_upscale of comfy/utils.py, "bilinear" and "center", 0.3.64):
 * the centre that has the frame's aspect, in whole pixels, by PyTorch's interpolate without antialias, in float32. */
#include "media/media.h"

#include <math.h>
#include <stdlib.h>

/* A side of the source: what is kept of it, and source pixels for one of the output. */
typedef struct side {
    int first, count;
    float scale;
} side;

/* The two source pixels, from 0, that output pixel i lies between, and the weight of the second. */
typedef struct between {
    int first, second;
    float weight;
} between;

/* kept: how much of the side the frame's aspect leaves, 0..1. ComfyUI fails where less than a pixel is left. */
static side side_of(int size, double kept, int out_size) {
    int cut = kept < 1 ? (int)rint((size - size * kept) / 2) : 0;
    if (2 * cut >= size) cut = (size - 1) / 2;
    int count = size - 2 * cut;
    return (side){cut, count, (float)count / (float)out_size};
}

static between between_of(const side *from, int i) {
    float at = fmaxf(fmaf(from->scale, (float)i + 0.5f, -0.5f), 0); /* PyTorch's kernels round it once, too */
    int first = (int)at;
    if (first > from->count - 1) first = from->count - 1;
    int second = first < from->count - 1 ? first + 1 : first;
    return (between){from->first + first, from->first + second, fminf(at - (float)first, 1)};
}

static float mix(float a, float b, float weight) {
    return a * (1 - weight) + b * weight;
}

void i2v_resize_bilinear_row(float *out, const i2v_image *source, int width, int height, int y) {
    double aspect = (double)source->width / source->height, wanted = (double)width / height;
    side columns = side_of(source->width, wanted / aspect, width),
         rows = side_of(source->height, aspect / wanted, height);
    between row = between_of(&rows, y);
    size_t stride = (size_t)source->width * 3;
    const uint8_t *above = source->pixels + (size_t)row.first * stride;
    const uint8_t *below = source->pixels + (size_t)row.second * stride;
    for (int x = 0; x < width; x++) {
        between column = between_of(&columns, x);
        size_t left = (size_t)column.first * 3, right = (size_t)column.second * 3;
        for (size_t c = 0; c < 3; c++) {
            float upper = mix(above[left + c] / 255.0f, above[right + c] / 255.0f, column.weight);
            float lower = mix(below[left + c] / 255.0f, below[right + c] / 255.0f, column.weight);
            *out++ = mix(upper, lower, row.weight);
        }
    }
}

i2v_status i2v_resize_bilinear(i2v_image *out, const i2v_image *source, i2v_error *error) {
    size_t samples = (size_t)out->width * 3;
    float *row = malloc(samples * sizeof *row);
    if (!row) return i2v_fail_memory(error, "resizing the picture", samples * sizeof *row);
    for (int y = 0; y < out->height; y++) {
        i2v_resize_bilinear_row(row, source, out->width, out->height, y);
        i2v_frame_to_u8(row, samples, out->pixels + (size_t)y * samples);
    }
    free(row);
    return I2V_OK;
}
