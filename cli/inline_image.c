/* Pictures within a terminal's text, as whole files: the protocols of kitty and of iTerm2. */
#include "inline_image.h"
#include "base64.h"

#include <inttypes.h>

/* In pieces of at most 4096 characters, all but the last of a multiple of 4: a=T is to transmit and show, f=100 a PNG,
 * q=2 that nothing is answered, C=1 that the cursor stays, m=1 that more follows. */
int cli_kitty_draw(FILE *out, const i2v_image *image, int columns, int rows, uint32_t id) {
    enum { PIECE = 4096 / 4 * 3 };
    uint8_t *png;
    size_t size;
    if (i2v_image_png(image, &png, &size, NULL) != I2V_OK) return 0;
    for (size_t i = 0; i < size; i += PIECE) {
        size_t left = size - i, piece = left < PIECE ? left : PIECE;
        fputs("\033_G", out);
        if (i == 0) fprintf(out, "a=T,f=100,q=2,C=1,i=%" PRIu32 ",p=1,c=%d,r=%d,", id, columns, rows);
        fprintf(out, "m=%d;", left > PIECE);
        cli_base64_write(out, png + i, piece);
        fputs("\033\\", out);
    }
    i2v_png_free(png);
    return 1;
}

int cli_iterm2_draw(FILE *out, const i2v_image *image, int columns, int rows) {
    uint8_t *png;
    size_t size;
    if (i2v_image_png(image, &png, &size, NULL) != I2V_OK) return 0;
    fprintf(out, "\033]1337;File=inline=1;size=%zu;width=%d;height=%d;preserveAspectRatio=0;doNotMoveCursor=1:", size,
            columns, rows);
    cli_base64_write(out, png, size);
    fputs("\a", out);
    i2v_png_free(png);
    return 1;
}
