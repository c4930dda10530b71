/* Samples and blocks in the bytes of picture files. */
#ifndef I2V_MEDIA_BYTES_H
#define I2V_MEDIA_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* As Pillow makes 8 bits of a wider number: cut to 0..255, without a fraction. NaN is 0. */
static inline uint8_t i2v_cut_to_u8(double value) {
    if (!(value > 0)) return 0;
    return value >= 255 ? 255 : (uint8_t)value;
}

/* Bytes of a GIF's colour table, by the flags of the screen or of a picture. */
static inline size_t i2v_gif_table_size(uint8_t flags) {
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Past a GIF's sub-blocks (a length, that many bytes) and the empty one that ends them; beyond `size` if they do not
 * end. */
static inline size_t i2v_gif_skip(const uint8_t *data, size_t size, size_t at) {
    while (at < size && data[at]) at += (size_t)data[at] + 1;
    return at < size ? at + 1 : size + 1;
}

#endif
