/* 8-bit RGB to the YUV that video codecs take. Own code rather than libswscale, whose default is BT.601 and whose
 * rounding depends on the instruction set. */
#include "media/video.h"

/* BT.709 to limited range (luma 16..235, chroma 16..240), times 2^16: rows Y, Cb, Cr. Chroma rows sum to zero. */
static const int bt709[3][3] = {{11966, 40254, 4064}, {-6596, -22189, 28785}, {28784, -26145, -2639}};

static uint8_t weigh(const int row[3], const int rgb[3], int shift, int offset) {
    int sum = row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2];
    /* the offset goes in before the shift, which keeps the sum positive */
    return (uint8_t)((sum + (offset << shift) + (1 << (shift - 1))) >> shift);
}

static int min_int(int a, int b) {
    return a < b ? a : b;
}

/* Eight times the mean around chroma sample (x, y) of columns 2x-1, 2x, 2x+1 (1:2:1) and rows 2y, 2y+1. */
static void chroma_sum(const uint8_t *rgb, int width, int height, int x, int y, int sum[3]) {
    int columns[3] = {x > 0 ? 2 * x - 1 : 0, 2 * x, 2 * x + 1};
    sum[0] = sum[1] = sum[2] = 0;
    for (int row = 2 * y; row < 2 * y + 2; row++) {
        const uint8_t *line = rgb + (size_t)min_int(row, height - 1) * (size_t)width * 3;
        for (int tap = 0; tap < 3; tap++) {
            const uint8_t *pixel = line + (size_t)min_int(columns[tap], width - 1) * 3;
            for (int c = 0; c < 3; c++) sum[c] += pixel[c] << (tap == 1);
        }
    }
}

void i2v_rgb_to_yuv420(const uint8_t *rgb, int width, int height, uint8_t *const planes[3], const int strides[3],
                       int out_width, int out_height) {
    for (int y = 0; y < out_height; y++) {
        const uint8_t *line = rgb + (size_t)min_int(y, height - 1) * (size_t)width * 3;
        uint8_t *luma = planes[0] + (ptrdiff_t)y * strides[0];
        for (int x = 0; x < out_width; x++) {
            const uint8_t *pixel = line + (size_t)min_int(x, width - 1) * 3;
            luma[x] = weigh(bt709[0], (const int[3]){pixel[0], pixel[1], pixel[2]}, 16, 16);
        }
    }
    for (int y = 0; y < (out_height + 1) / 2; y++) {
        for (int x = 0; x < (out_width + 1) / 2; x++) {
            int sum[3];
            chroma_sum(rgb, width, height, x, y, sum);
            planes[1][(ptrdiff_t)y * strides[1] + x] = weigh(bt709[1], sum, 19, 128);
            planes[2][(ptrdiff_t)y * strides[2] + x] = weigh(bt709[2], sum, 19, 128);
        }
    }
}
