/* EXIF orientation. EXIF is a TIFF file inside another, so one directory look-up serves every format; libexif cannot
 * stand in for it: it reads 64 KiB at most, and TIFF writers put the directory behind the pixels. */
#include "media/picture.h"

#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_BYTE = 1, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY_SIZE = 12 };

typedef struct tiff_bytes {
    const uint8_t *data;
    size_t size;
    int big_endian;
} tiff_bytes;

/* The unsigned integer of `count` bytes at `offset`; 0 beyond the end. */
static uint32_t read_uint(const tiff_bytes *tiff, size_t offset, int count) {
    if (offset > tiff->size || tiff->size - offset < (size_t)count) return 0;
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        value = value << 8 | tiff->data[offset + (size_t)(tiff->big_endian ? i : count - 1 - i)];
    }
    return value;
}

uint32_t i2v_tiff_tag(const uint8_t *data, size_t size, unsigned tag, uint32_t missing) {
    if (size >= 6 && memcmp(data, "Exif\0\0", 6) == 0) {
        data += 6;
        size -= 6;
    }
    if (size < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0)) return missing;
    tiff_bytes tiff = {data, size, data[0] == 'M'};
    size_t directory = read_uint(&tiff, 4, 4);
    size_t count = read_uint(&tiff, directory, 2);
    uint32_t value = missing;
    for (size_t i = 0; i < count; i++) {
        size_t entry = directory + 2 + i * ENTRY_SIZE;
        if (entry > size || size - entry < ENTRY_SIZE) break;
        uint32_t type = read_uint(&tiff, entry + 2, 2);
        if (read_uint(&tiff, entry, 2) != tag || read_uint(&tiff, entry + 4, 4) != 1) continue;
        if (type == TYPE_BYTE || type == TYPE_SHORT || type == TYPE_LONG) {
            value = read_uint(&tiff, entry + 8, type == TYPE_BYTE ? 1 : type == TYPE_SHORT ? 2 : 4);
        }
    }
    return value;
}

int i2v_exif_orientation(const uint8_t *data, size_t size) {
    uint32_t orientation = i2v_tiff_tag(data, size, TAG_ORIENTATION, 1);
    return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
}
