/* Windows icons (ICO) and cursors (CUR): the entry that Pillow takes, which is the largest, a PNG or a bitmap of twice
 * the height, whose other half is a mask of one bit. */
#include "base/byte_order.h"
#include "media/picture_dib.h"
#include "media/picture_rare.h"

#include <string.h>

enum { DIRECTORY = 6, ENTRY = 16 };

typedef struct icon_entry {
    int width, height, depth; /* as the directory says; depth: 256 where it does not */
    int bits;                 /* a pixel, by the directory; 0: not said */
    uint32_t size, offset;
} icon_entry;

static int directory_count(const i2v_encoded *source) {
    return (int)i2v_little_endian(source->data + 4, 2);
}

int i2v_is_ico(const uint8_t *data, size_t size, int kind) {
    if (size < DIRECTORY + ENTRY || i2v_little_endian(data, 2) != 0) return 0;
    return i2v_little_endian(data + 2, 2) == (unsigned)kind && i2v_little_endian(data + 4, 2) > 0;
}

static icon_entry entry_at(const i2v_encoded *source, int index) {
    const uint8_t *at = source->data + DIRECTORY + (size_t)index * ENTRY;
    icon_entry entry = {.width = at[0] ? at[0] : 256,
                        .height = at[1] ? at[1] : 256,
                        .bits = (int)i2v_little_endian(at + 6, 2),
                        .size = i2v_little_endian(at + 8, 4),
                        .offset = i2v_little_endian(at + 12, 4)};
    entry.depth = entry.bits;
    for (int colors = at[2]; !entry.bits && colors > 1 << entry.depth; entry.depth++) continue;
    if (entry.depth == 0) entry.depth = 256;
    return entry;
}

/* The largest entry. Of several, the one of the fewest bits; of several, the first. */
static i2v_status choose_icon(icon_entry *chosen, const i2v_encoded *source, i2v_error *error) {
    int count = directory_count(source);
    if (source->size < DIRECTORY + (size_t)count * ENTRY) return i2v_fail_truncated(source, error);
    *chosen = entry_at(source, 0);
    for (int i = 1; i < count; i++) {
        icon_entry entry = entry_at(source, i);
        int larger = entry.width * entry.height - chosen->width * chosen->height;
        if (larger > 0 || (larger == 0 && entry.depth < chosen->depth)) *chosen = entry;
    }
    return chosen->offset < source->size ? I2V_OK : i2v_fail_truncated(source, error);
}

/* A mask of one bit a pixel, bottom row first, set where the picture is transparent. */
static i2v_status apply_mask(i2v_raster *raster, size_t at, const i2v_encoded *source, i2v_error *error) {
    size_t stride = ((size_t)raster->width + 31) / 32 * 4, height = (size_t)raster->height;
    if (at > source->size || (source->size - at) / stride < height) return i2v_fail_truncated(source, error);
    for (size_t y = 0; y < height; y++) {
        const uint8_t *bits = source->data + at + (height - 1 - y) * stride;
        uint8_t *row = raster->pixels + y * (size_t)raster->width * 4;
        for (size_t x = 0; x < (size_t)raster->width; x++) row[x * 4 + 3] = bits[x / 8] & 0x80 >> x % 8 ? 0 : 255;
    }
    return I2V_OK;
}

static i2v_status read_icon_bitmap(i2v_raster *raster, const icon_entry *entry, const i2v_encoded *source,
                                   i2v_error *error) {
    i2v_dib dib;
    i2v_status status = i2v_dib_read_header(&dib, entry->offset, source, error);
    if (status) return status;
    status = i2v_raster_alloc(raster, dib.width, dib.height / 2, 4, source->name, error);
    if (status) return status;
    int alpha_inside = dib.depth == 32 && entry->bits == 32;
    if (alpha_inside) dib.at[3] = 3;
    status = i2v_dib_read_pixels(raster, &dib, source, error);
    if (status || alpha_inside) return status;
    size_t mask = ((size_t)raster->width + 31) / 32 * 4 * (size_t)raster->height,
           end = (size_t)entry->offset + entry->size;
    return end < mask ? i2v_fail_truncated(source, error) : apply_mask(raster, end - mask, source, error);
}

i2v_status i2v_decode_ico(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    icon_entry entry;
    i2v_status status = choose_icon(&entry, source, error);
    if (status) return status;
    i2v_encoded inner = {source->data + entry.offset, source->size - entry.offset, source->name};
    if (i2v_picture_format_of(inner.data, inner.size) != I2V_PICTURE_PNG) {
        return read_icon_bitmap(raster, &entry, source, error);
    }
    status = i2v_decode_png(raster, &inner, error);
    raster->orientation = 1;
    return status;
}

/* ---- cursors ---------------------------------------------------------------------------------------------------- */

/* The first, or a later one that is both wider and higher, by the bytes of the directory (256 is 0 there). */
static i2v_status choose_cursor(size_t *at, const i2v_encoded *source, i2v_error *error) {
    int count = directory_count(source);
    if (source->size < DIRECTORY + (size_t)count * ENTRY) return i2v_fail_truncated(source, error);
    const uint8_t *chosen = source->data + DIRECTORY;
    for (const uint8_t *entry = chosen; count > 0; entry += ENTRY, count--) {
        if (entry[0] > chosen[0] && entry[1] > chosen[1]) chosen = entry;
    }
    *at = i2v_little_endian(chosen + 12, 4);
    return *at < source->size ? I2V_OK : i2v_fail_truncated(source, error);
}

static int is_black_and_white(const i2v_dib *dib, const i2v_encoded *source) {
    size_t entry = (size_t)dib->palette_entry;
    if (dib->depth != 1 || dib->palette_at > source->size || source->size - dib->palette_at < 2 * entry) return 0;
    const uint8_t *palette = source->data + dib->palette_at;
    return memcmp(palette, "\0\0\0", 3) == 0 && memcmp(palette + entry, "\xff\xff\xff", 3) == 0;
}

/* What the mask hides of a black and white cursor is black. */
static void blacken_hidden(i2v_raster *raster) {
    for (size_t i = 0; i < (size_t)raster->width * (size_t)raster->height; i++) {
        if (raster->pixels[4 * i + 3] == 0) memset(raster->pixels + 4 * i, 0, 3);
    }
}

/* Pillow reads the mask of a black and white cursor only, and the alpha of 32 bits only where one cursor is alone. */
i2v_status i2v_decode_cur(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    size_t at;
    i2v_dib dib;
    i2v_status status = choose_cursor(&at, source, error);
    if (!status) status = i2v_dib_read_header(&dib, at, source, error);
    if (status) return status;
    int is_masked = is_black_and_white(&dib, source);
    if (dib.depth == 32 && dib.compression == 0 && at == DIRECTORY + ENTRY) dib.at[3] = 3;
    int alpha = is_masked || (dib.depth == 32 && dib.at[3] >= 0);
    status = i2v_raster_alloc(raster, dib.width, dib.height / 2, alpha ? 4 : 3, source->name, error);
    if (!status) status = i2v_dib_read_pixels(raster, &dib, source, error);
    if (status || !is_masked) return status;
    status = apply_mask(raster, dib.pixels_at + i2v_dib_stride(&dib) * (size_t)raster->height, source, error);
    blacken_hidden(raster);
    return status;
}

i2v_status i2v_ico_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    icon_entry entry;
    i2v_status status = choose_icon(&entry, source, error);
    *width = status ? 0 : entry.width;
    *height = status ? 0 : entry.height;
    return status;
}

i2v_status i2v_cur_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    size_t at;
    i2v_dib dib = {0};
    i2v_status status = choose_cursor(&at, source, error);
    if (!status) status = i2v_dib_read_header(&dib, at, source, error);
    *width = dib.width;
    *height = dib.height / 2;
    return status;
}
