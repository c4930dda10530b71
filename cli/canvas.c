/* Drawing into pictures: boxes, lines, other pictures and text. */
#include "canvas.h"
#include "glyphs.h"

#include <math.h>
#include <string.h>

static void put_pixel(i2v_image *canvas, int x, int y, cli_color color) {
    if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height) return;
    uint8_t *pixel = canvas->pixels + 3 * ((size_t)y * (size_t)canvas->width + (size_t)x);
    pixel[0] = (uint8_t)(color >> 16);
    pixel[1] = (uint8_t)(color >> 8);
    pixel[2] = (uint8_t)color;
}

void cli_canvas_fill(i2v_image *canvas, int x, int y, int width, int height, cli_color color) {
    for (int row = y; row < y + height; row++)
        for (int column = x; column < x + width; column++) put_pixel(canvas, column, row, color);
}

void cli_canvas_line(i2v_image *canvas, double x0, double y0, double x1, double y1, cli_color color) {
    int steps = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0))) + 1;
    for (int i = 0; i <= steps; i++) {
        double part = (double)i / steps;
        int x = (int)lround(x0 + part * (x1 - x0)), y = (int)lround(y0 + part * (y1 - y0));
        cli_canvas_fill(canvas, x, y, 2, 2, color);
    }
}

void cli_canvas_put(i2v_image *canvas, const i2v_image *picture, int x, int y) {
    int left = x < 0 ? -x : 0, right = picture->width < canvas->width - x ? picture->width : canvas->width - x;
    for (int row = 0; row < picture->height && left < right; row++) {
        if (y + row < 0 || y + row >= canvas->height) continue;
        memcpy(canvas->pixels + 3 * ((size_t)(y + row) * (size_t)canvas->width + (size_t)(x + left)),
               picture->pixels + 3 * ((size_t)row * (size_t)picture->width + (size_t)left), 3 * (size_t)(right - left));
    }
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* The character at *text, which moves behind it; '?' for bytes that are no UTF-8. */
static uint32_t next_character(const char **text) {
    const unsigned char *at = (const unsigned char *)*text;
    int length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
    uint32_t code = length <= 1 ? *at : *at & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            length = 0; /* the text may end here */
            break;
        }
        code = code << 6 | (at[i] & 0x3f);
    }
    *text += length ? length : 1;
    return length ? code : '?';
}

static void draw_glyph(i2v_image *canvas, int x, int y, uint32_t code, cli_color color) {
    const uint8_t *rows = cli_glyph_rows(code);
    for (int row = 0; row < CLI_GLYPH_HEIGHT; row++)
        for (int column = 0; column < CLI_GLYPH_WIDTH; column++)
            if (rows[row] >> (7 - column) & 1) put_pixel(canvas, x + column, y + row, color);
}

/* The characters from text to before end. */
static int draw_part(i2v_image *canvas, int x, int y, const char *text, const char *end, cli_color color) {
    int begin = x;
    while (text < end) {
        uint32_t code = next_character(&text);
        if (canvas) draw_glyph(canvas, x, y, code, color);
        x += CLI_GLYPH_WIDTH;
    }
    return x - begin;
}

/* Where the characters that fit the width end. */
static const char *fitting(const char *text, int width) {
    for (int used = CLI_GLYPH_WIDTH; *text && used <= width; used += CLI_GLYPH_WIDTH) next_character(&text);
    return text;
}

int cli_canvas_text(i2v_image *canvas, int x, int y, int width, const char *text, cli_color color) {
    return draw_part(canvas, x, y, text, fitting(text, width), color);
}

int cli_canvas_paragraph(i2v_image *canvas, int x, int y, int width, const char *text, cli_color color) {
    int height = 0;
    if (width < CLI_GLYPH_WIDTH) width = CLI_GLYPH_WIDTH;
    while (*text) {
        const char *most = fitting(text, width), *end = most;
        while (*most && end > text && *end != ' ') end--;
        if (end == text) end = most; /* one word that is too long */
        draw_part(canvas, x, y + height, text, end, color);
        height += CLI_LINE_HEIGHT;
        text = end;
        while (*text == ' ') text++;
    }
    return height;
}
