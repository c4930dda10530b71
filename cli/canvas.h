/* Drawing into pictures: boxes, lines, other pictures and text. What lies outside is left out. */
#ifndef CLI_CANVAS_H
#define CLI_CANVAS_H

#include "img2vid/img2vid.h"

/* 0xRRGGBB */
typedef uint32_t cli_color;

enum { CLI_LINE_HEIGHT = 18 }; /* pixels from one line of text to the next */

void cli_canvas_fill(i2v_image *canvas, int x, int y, int width, int height, cli_color color);

/* A line two pixels thick. */
void cli_canvas_line(i2v_image *canvas, double x0, double y0, double x1, double y1, cli_color color);

/* All of picture, its left upper corner at (x, y). */
void cli_canvas_put(i2v_image *canvas, const i2v_image *picture, int x, int y);

/* One line of UTF-8, cut before it is wider than `width` pixels. Returns its width. Other bytes show as '?'. */
int cli_canvas_text(i2v_image *canvas, int x, int y, int width, const char *text, cli_color color);

/* Text in lines of at most `width` pixels, broken at spaces, longer words anywhere. Returns the lines' height. canvas
 * may be NULL, to measure. */
int cli_canvas_paragraph(i2v_image *canvas, int x, int y, int width, const char *text, cli_color color);

#endif
