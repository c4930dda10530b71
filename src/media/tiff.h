/* What picture_tiff.c (libtiff, blocks) and tiff_pixels.c (samples to pixels) share. */
#ifndef I2V_MEDIA_TIFF_H
#define I2V_MEDIA_TIFF_H

#include "media/picture.h"

#include <stddef.h>

/* What the samples of a pixel are, without extra ones. */
typedef enum i2v_tiff_color { I2V_TIFF_GREY, I2V_TIFF_PALETTE, I2V_TIFF_RGB, I2V_TIFF_CMYK } i2v_tiff_color;
typedef enum i2v_tiff_alpha { I2V_TIFF_OPAQUE, I2V_TIFF_PREMULTIPLIED, I2V_TIFF_STRAIGHT } i2v_tiff_alpha;
typedef enum i2v_tiff_number { I2V_TIFF_UNSIGNED = 1, I2V_TIFF_SIGNED = 2, I2V_TIFF_FLOAT = 3 } i2v_tiff_number;

typedef struct i2v_tiff_layout {
    i2v_tiff_color color;
    i2v_tiff_alpha alpha;
    i2v_tiff_number number;
    int bits;                   /* of a sample: 1, 2, 4, 8, 12, 16 or 32 */
    int samples;                /* of a pixel, as stored */
    int colors;                 /* of them, those of color: 1, 3 or 4; alpha follows */
    int inverted;               /* 0 is white */
    const uint16_t *palette[3]; /* 2^bits colours of 16 bits each; I2V_TIFF_PALETTE only */
} i2v_tiff_layout;

/* Makes bytes of the samples of `count` pixels in one row of the file. `stored` samples of a pixel are side by side;
 * the first of them is sample number `first`. out is the first of the raster's pixels, of `channels` each: colour goes
 * to the first channels, alpha to the last. Samples of 12 and 16 bits keep their high byte. Those of 32 bits, signed
 * ones and floats are cut to 0..255. */
void i2v_tiff_row(const i2v_tiff_layout *layout, const uint8_t *row, int stored, int first, int count, uint8_t *out,
                  int channels);

/* All samples of a picture to RGB or RGBA, in place. */
void i2v_tiff_to_rgb(const i2v_tiff_layout *layout, i2v_raster *raster);

#endif
