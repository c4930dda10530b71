/* What the pictures of a comparison are made of: captions, frames at their size, the plot of motion. */
#ifndef CLI_DRAWING_H
#define CLI_DRAWING_H

#include "canvas.h"
#include "comparison.h"

/* Of pictures on a dark ground. */
#define CLI_GROUND 0x1c1c1eu
#define CLI_BRIGHT 0xf2f2f2u
#define CLI_DIM 0xb4b4b8u
#define CLI_SWATCH 14 /* pixels of a square of a video's colour */

/* The colour of video number index in pictures. */
cli_color cli_compared_color(int index);

/* Its square, letter, label and figures, in lines of `width` pixels. Returns their height; canvas NULL: only that. */
int cli_draw_caption(i2v_image *canvas, const cli_comparison *all, int index, int x, int y, int width);

/* A frame, made smaller where it is larger than width x height, at (x, y). */
i2v_status cli_draw_frame(i2v_image *canvas, const i2v_image *frame, int x, int y, int width, int height,
                          i2v_error *error);

/* Motion over frames, a line for each video. current: the frame to mark, from 0; -1: none. */
void cli_draw_motion(i2v_image *canvas, const cli_comparison *all, int x, int y, int width, int height, int current);

#endif
