/* A picture as coloured half blocks. */
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

/* 16 to 231 are a cube of six levels a side, 232 to 255 are greys. */
static const int levels[6] = {0, 95, 135, 175, 215, 255};

static int squared_distance(const uint8_t rgb[3], int red, int green, int blue) {
    int r = rgb[0] - red, g = rgb[1] - green, b = rgb[2] - blue;
    return r * r + g * g + b * b;
}

static int nearest_level(int value) {
    int best = 0;
    for (int i = 1; i < 6; i++)
        if (abs(value - levels[i]) < abs(value - levels[best])) best = i;
    return best;
}

static void color_of(int number, int rgb[3]) {
    static const int places[3] = {36, 6, 1};
    for (int c = 0; c < 3; c++) rgb[c] = number < 232 ? levels[(number - 16) / places[c] % 6] : 8 + 10 * (number - 232);
}

int cli_blocks_nearest(const uint8_t rgb[3]) {
    int r = nearest_level(rgb[0]), g = nearest_level(rgb[1]), b = nearest_level(rgb[2]);
    int mean = (rgb[0] + rgb[1] + rgb[2]) / 3, step = mean < 8 ? 0 : (mean - 3) / 10, grey = step > 23 ? 23 : step;
    int of_cube = squared_distance(rgb, levels[r], levels[g], levels[b]), level = 8 + 10 * grey;
    return squared_distance(rgb, level, level, level) < of_cube ? 232 + grey : 16 + 36 * r + 6 * g + b;
}

/* ---- dithering: dark colours have greys near them, and no colour of their own among the 256 -----------------------
 */

/* The pixel at rgb becomes one of the 256; what that is off goes to its neighbours, by Floyd and Steinberg: to the
 * right in `here`, and to three below. Both are of one pixel more on each side. */
static void dither_pixel(uint8_t *rgb, int *here, int *below) {
    uint8_t wanted[3];
    int found[3];
    for (int c = 0; c < 3; c++) {
        int value = rgb[c] + here[c] / 16;
        wanted[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    color_of(cli_blocks_nearest(wanted), found);
    for (int c = 0; c < 3; c++) {
        int off = wanted[c] - found[c];
        here[3 + c] += 7 * off;
        below[c - 3] += 3 * off;
        below[c] += 5 * off;
        below[3 + c] += off;
        rgb[c] = (uint8_t)found[c];
    }
}

/* Returns 0 without memory. */
static int dither(i2v_image *image) {
    size_t row = 3 * ((size_t)image->width + 2);
    int *errors = calloc(2 * row, sizeof *errors);
    if (!errors) return 0;
    for (int y = 0; y < image->height; y++) {
        int *here = errors + (y % 2 ? row : 0), *below = errors + (y % 2 ? 0 : row);
        memset(below, 0, row * sizeof *below);
        for (int x = 0; x < image->width; x++) {
            size_t at = 3 * (size_t)x;
            dither_pixel(image->pixels + (size_t)y * 3 * (size_t)image->width + at, here + at + 3, below + at + 3);
        }
    }
    free(errors);
    return 1;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* What is set, so that only what changes is written. */
typedef struct pen {
    FILE *out;
    cli_colors colors;
    uint8_t set[2][3]; /* of the character, and behind it */
    int known[2];
} pen;

static void set_color(pen *p, int behind, const uint8_t rgb[3]) {
    if (p->known[behind] && memcmp(p->set[behind], rgb, 3) == 0) return;
    memcpy(p->set[behind], rgb, 3);
    p->known[behind] = 1;
    int code = behind ? 48 : 38;
    if (p->colors == CLI_COLORS_24_BIT)
        fprintf(p->out, "\033[%d;2;%d;%d;%dm", code, rgb[0], rgb[1], rgb[2]);
    else
        fprintf(p->out, "\033[%d;5;%dm", code, cli_blocks_nearest(rgb));
}

static void draw_cell(pen *p, const uint8_t *upper, const uint8_t *lower, int utf8) {
    uint8_t mean[3];
    for (int c = 0; c < 3; c++) mean[c] = (uint8_t)((upper[c] + lower[c]) / 2);
    if (utf8) set_color(p, 0, upper);
    set_color(p, 1, utf8 ? lower : mean);
    fputs(utf8 ? "\xe2\x96\x80" : " ", p->out);
}

int cli_blocks_draw(FILE *out, i2v_image *image, cli_colors colors, int utf8) {
    size_t row = 3 * (size_t)image->width;
    if (colors == CLI_COLORS_256 && !dither(image)) return 0;
    for (int y = 0; y < image->height; y += 2) {
        pen p = {.out = out, .colors = colors};
        const uint8_t *upper = image->pixels + (size_t)y * row, *lower = y + 1 < image->height ? upper + row : upper;
        if (y) fputs("\r\033[B", out);
        for (int x = 0; x < image->width; x++) draw_cell(&p, upper + 3 * x, lower + 3 * x, utf8);
        fputs("\033[0m", out);
    }
    return 1;
}
