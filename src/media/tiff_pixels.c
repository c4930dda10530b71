/* Samples of a TIFF to pixels of 8 bits, with Pillow's arithmetic. */
#include "media/bytes.h"
#include "media/cmyk.h"
#include "media/tiff.h"

#include <string.h>

/* Sample `index` of a row, of up to 12 bits: from the highest bit of the first byte on. */
static unsigned packed_sample(const uint8_t *row, size_t index, int bits) {
    unsigned value = 0;
    for (size_t bit = index * (size_t)bits, end = bit + (size_t)bits; bit < end; bit++) {
        value = value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1);
    }
    return value;
}

/* Of 16 and 32 bits; libtiff gives them in the machine's order. Pillow takes 32 unsigned bits for signed ones. */
static uint8_t wide_sample(const i2v_tiff_layout *layout, const uint8_t *row, size_t index) {
    if (layout->bits == 16) {
        uint16_t value;
        memcpy(&value, row + index * 2, sizeof value);
        return layout->number == I2V_TIFF_SIGNED ? i2v_cut_to_u8((int16_t)value) : (uint8_t)(value >> 8);
    }
    if (layout->number == I2V_TIFF_FLOAT) {
        float value;
        memcpy(&value, row + index * 4, sizeof value);
        return i2v_cut_to_u8((double)value);
    }
    int32_t value;
    memcpy(&value, row + index * 4, sizeof value);
    return i2v_cut_to_u8(value);
}

static uint8_t sample_to_u8(const i2v_tiff_layout *layout, const uint8_t *row, size_t index) {
    if (layout->bits == 8) return row[index];
    if (layout->bits > 12) return wide_sample(layout, row, index);
    unsigned value = packed_sample(row, index, layout->bits);
    if (layout->color == I2V_TIFF_PALETTE) return (uint8_t)value;
    return layout->bits == 12 ? (uint8_t)(value >> 4) : (uint8_t)(value * 255 / ((1u << layout->bits) - 1));
}

void i2v_tiff_row(const i2v_tiff_layout *layout, const uint8_t *row, int stored, int first, int count, uint8_t *out,
                  int channels) {
    int used = layout->colors + (layout->alpha != I2V_TIFF_OPAQUE);
    int here = stored < used - first ? stored : used - first;
    for (int x = 0; x < count; x++, out += channels) {
        for (int s = 0; s < here; s++) {
            int sample = first + s;
            out[sample < layout->colors ? sample : channels - 1] =
                sample_to_u8(layout, row, (size_t)x * (size_t)stored + (size_t)s);
        }
    }
}

/* As Pillow's unpackers of "RGBa" and "La". */
static void divide_by_alpha(uint8_t *pixel) {
    unsigned alpha = pixel[3];
    for (int c = 0; c < 3; c++) {
        unsigned value = alpha ? pixel[c] * 255u / alpha : 0;
        pixel[c] = (uint8_t)(value > 255 ? 255 : value);
    }
}

static void color_to_rgb(const i2v_tiff_layout *layout, uint8_t *pixel) {
    uint8_t value = pixel[0];
    switch (layout->color) {
    case I2V_TIFF_GREY:
        if (layout->inverted) value = (uint8_t)(255 - value);
        pixel[0] = pixel[1] = pixel[2] = value;
        break;
    case I2V_TIFF_PALETTE:
        for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)(layout->palette[c][value] >> 8);
        break;
    case I2V_TIFF_CMYK:
        for (int c = 0; c < 4; c++) pixel[c] = (uint8_t)(255 - pixel[c]);
        i2v_cmyk_to_rgb(pixel, pixel);
        pixel[3] = 255;
        break;
    case I2V_TIFF_RGB:
        break;
    }
}

void i2v_tiff_to_rgb(const i2v_tiff_layout *layout, i2v_raster *raster) {
    uint8_t *pixel = raster->pixels;
    size_t count = (size_t)raster->width * (size_t)raster->height;
    if (layout->color == I2V_TIFF_RGB && layout->alpha != I2V_TIFF_PREMULTIPLIED) return;
    for (size_t i = 0; i < count; i++, pixel += raster->channels) {
        color_to_rgb(layout, pixel);
        if (layout->alpha == I2V_TIFF_PREMULTIPLIED) divide_by_alpha(pixel);
    }
}
