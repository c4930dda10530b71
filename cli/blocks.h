/* A picture as coloured half blocks, for terminals without graphics. */
#ifndef CLI_BLOCKS_H
#define CLI_BLOCKS_H

#include "img2vid/img2vid.h"

#include <stdio.h>

/* How a terminal's text is coloured. */
typedef enum cli_colors { CLI_COLORS_256, CLI_COLORS_24_BIT } cli_colors;

/* Two rows of the picture a line of text, one column a character: upper and lower halves in their colours, or, where
 * the terminal has no such character (utf8 0), both in their mean. The cursor begins in the first line's first column
 * and ends in the last line; nothing scrolls. Colours are as they were before. Of 256 colours, the picture is dithered
 * to them in its place. Returns 0 without memory. */
int cli_blocks_draw(FILE *out, i2v_image *image, cli_colors colors, int utf8);

/* The colour of the 256, but for the first 16, which every terminal has of its own, that is nearest to rgb. */
int cli_blocks_nearest(const uint8_t rgb[3]);

#endif
