/* Pictures within a terminal's text, as whole files: the protocols of kitty and of iTerm2. */
#ifndef CLI_INLINE_IMAGE_H
#define CLI_INLINE_IMAGE_H

#include "img2vid/img2vid.h"

#include <stdio.h>

/* Each draws the picture, scaled to so many characters, from the cursor on. Returns 0 without memory. */

/* https://sw.kovidgoyal.net/kitty/graphics-protocol/ id, above 0: the picture takes the place of the one that has it.
 */
int cli_kitty_draw(FILE *out, const i2v_image *image, int columns, int rows, uint32_t id);
/* https://iterm2.com/documentation-images.html */
int cli_iterm2_draw(FILE *out, const i2v_image *image, int columns, int rows);

#endif
