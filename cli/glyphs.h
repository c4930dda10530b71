/* The letters of text in pictures. */
#ifndef CLI_GLYPHS_H
#define CLI_GLYPHS_H

#include <stdint.h>

enum { CLI_GLYPH_WIDTH = 8, CLI_GLYPH_HEIGHT = 16 };

typedef struct cli_glyph {
    uint32_t code; /* Unicode */
    uint8_t rows[CLI_GLYPH_HEIGHT];
} cli_glyph;

/* The rows of a character, from the top, the left pixel in the highest bit; a box for what the font has not. */
const uint8_t *cli_glyph_rows(uint32_t code);

#endif
