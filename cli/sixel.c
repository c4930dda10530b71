/* A picture as sixels: VT330/VT340 Programmer Reference Manual, volume 2, chapter 14.
 *
 * A fixed cube of colours with ordered dithering is enough for a preview, and frames that move do not flicker with it.
 * libsixel, whose strength is its choice of colours, would be one more library on each system for what is a page
 * here. */
#include "sixel.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS = 6, BAND = 6 };

/* Bayer's matrix: thresholds that are spread evenly at every scale. */
static const int bayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};

/* value * 5 / 255, rounded up or down by the threshold at the pixel. */
static int level_of(int value, int x, int y) {
    int scaled = value * (LEVELS - 1), whole = scaled / 255, rest = scaled % 255;
    return whole + (rest * 32 > (2 * bayer[y & 3][x & 3] + 1) * 255);
}

static int color_of(const uint8_t *rgb, int x, int y) {
    return (level_of(rgb[0], x, y) * LEVELS + level_of(rgb[1], x, y)) * LEVELS + level_of(rgb[2], x, y);
}

/* Six rows: for each colour, the bits of each column that have it. */
typedef struct band {
    uint8_t *bits; /* [CLI_SIXEL_COLORS][width] */
    int used[CLI_SIXEL_COLORS];
} band;

static void fill_band(band *b, const i2v_image *image, int top) {
    size_t width = (size_t)image->width;
    memset(b->used, 0, sizeof b->used);
    for (int y = top; y < top + BAND && y < image->height; y++) {
        const uint8_t *rgb = image->pixels + 3 * width * (size_t)y;
        for (int x = 0; x < image->width; x++, rgb += 3) {
            int color = color_of(rgb, x, y);
            uint8_t *bits = b->bits + (size_t)color * width;
            if (!b->used[color]) memset(bits, 0, width);
            b->used[color] = 1;
            bits[x] |= (uint8_t)(1 << (y - top));
        }
    }
}

/* Runs of equal characters, "!12~"; what is empty at the end of the line is left out. */
static void write_line(FILE *out, const uint8_t *bits, int width) {
    while (width > 0 && !bits[width - 1]) width--;
    for (int x = 0, run; x < width; x += run) {
        for (run = 1; x + run < width && bits[x + run] == bits[x];) run++;
        int character = '?' + bits[x];
        if (run > 3)
            fprintf(out, "!%d%c", run, character);
        else
            for (int i = 0; i < run; i++) fputc(character, out);
    }
}

static void write_band(FILE *out, const band *b, int width) {
    int lines = 0;
    for (int color = 0; color < CLI_SIXEL_COLORS; color++) {
        if (!b->used[color]) continue;
        if (lines++) fputc('$', out); /* back to the first column */
        fprintf(out, "#%d", color);
        write_line(out, b->bits + (size_t)color * (size_t)width, width);
    }
    fputc('-', out);
}

/* In hundredths, as the protocol has them. */
static void write_palette(FILE *out) {
    for (int color = 0; color < CLI_SIXEL_COLORS; color++) {
        int r = color / (LEVELS * LEVELS), g = color / LEVELS % LEVELS, b = color % LEVELS;
        fprintf(out, "#%d;2;%d;%d;%d", color, 20 * r, 20 * g, 20 * b);
    }
}

int cli_sixel_draw(FILE *out, const i2v_image *image) {
    band b = {.bits = malloc((size_t)CLI_SIXEL_COLORS * (size_t)image->width)};
    if (!b.bits) return 0;
    /* square pixels; what no sixel sets stays; the size */
    fprintf(out, "\033P0;1;0q\"1;1;%d;%d", image->width, image->height);
    write_palette(out);
    for (int top = 0; top < image->height; top += BAND) {
        fill_band(&b, image, top);
        write_band(out, &b, image->width);
    }
    fputs("\033\\", out);
    free(b.bits);
    return 1;
}
