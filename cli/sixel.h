/* A picture as sixels, DEC's graphics of six rows a character, which xterm, foot, mlterm, tmux and others show. */
#ifndef CLI_SIXEL_H
#define CLI_SIXEL_H

#include "img2vid/img2vid.h"

#include <stdio.h>

enum { CLI_SIXEL_COLORS = 216 }; /* registers of colours that a terminal needs for it */

/* Draws it from the cursor on. Returns 0 without memory. */
int cli_sixel_draw(FILE *out, const i2v_image *image);

#endif
