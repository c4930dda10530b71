/* A device-independent bitmap of Windows at any place in a file. */
#ifndef I2V_MEDIA_PICTURE_DIB_H
#define I2V_MEDIA_PICTURE_DIB_H

#include "media/picture_rare.h"

typedef struct i2v_dib {
    int64_t width, height;
    int depth, top_down, is_565;
    uint32_t header_size, compression, colors, masks[4];
    int palette_entry; /* bytes */
    int8_t at[4];      /* of 32 bits, the byte of red, green, blue and alpha; -1: none */
    size_t palette_at, pixels_at;
} i2v_dib;

i2v_status i2v_dib_read_header(i2v_dib *dib, size_t at, const i2v_encoded *source, i2v_error *error);

/* Bytes from one row to the next. */
size_t i2v_dib_stride(const i2v_dib *dib);

/* Into an allocated raster, of the header's width and of as many of its rows as the raster has. */
i2v_status i2v_dib_read_pixels(i2v_raster *raster, const i2v_dib *dib, const i2v_encoded *source, i2v_error *error);

#endif
