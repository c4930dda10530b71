/* Orientation, by EXIF or by XMP. EXIF is a TIFF file inside another, so one directory look-up serves every format;
 * libexif cannot stand in for it: it reads 64 KiB at most, and TIFF writers put the directory behind the pixels. */
#include "base/byte_order.h"
#include "base/posix.h"
#include "media/picture.h"

#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_BYTE = 1, TYPE_SHORT = 3, TYPE_LONG = 4 };

typedef struct tiff_bytes {
    const uint8_t *data;
    size_t size;
    int big_endian;
} tiff_bytes;

/* The unsigned integer of `count` bytes at `offset`; 0 beyond the end. */
static uint64_t read_uint(const tiff_bytes *tiff, size_t offset, int count) {
    if (offset > tiff->size || tiff->size - offset < (size_t)count) return 0;
    const uint8_t *at = tiff->data + offset;
    return tiff->big_endian ? i2v_big_endian64(at, count) : i2v_little_endian64(at, count);
}

/* XMP is XML, where macOS Preview, exiftool and Adobe's programs write tiff:Orientation as an attribute or an element.
 * Pillow looks for these very characters (Image.getexif), and so for the same orientation. 1 if they are not there. */
static uint32_t xmp_orientation(const uint8_t *xmp, size_t size) {
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1;
    const uint8_t *at = xmp, *end = xmp + size;
    while ((at = memmem(at, (size_t)(end - at), name, length))) {
        at += length;
        size_t left = (size_t)(end - at), skip = left >= 2 && at[0] == '=' && at[1] == '"' ? 2 : 1;
        int is_value = skip == 2 || (left >= 1 && at[0] == '>');
        if (is_value && left > skip && at[skip] >= '0' && at[skip] <= '9') return at[skip] - '0';
    }
    return 1;
}

/* The layout of TIFF, and that of BigTIFF, which counts in 64 bits. */
typedef struct tiff_shape {
    size_t first;          /* the place of the first directory's offset */
    int offset_bytes;      /* of offsets and counts of values */
    int entries_bytes;     /* of the number of entries */
    size_t entry, value_at; /* an entry's size, and where in it the value stands */
} tiff_shape;

static const tiff_shape classic_shape = {4, 4, 2, 12, 8}, big_shape = {8, 8, 8, 20, 12};

/* NULL if it is no TIFF. */
static const tiff_shape *shape_of(const uint8_t *data, size_t size) {
    if (size < 8) return NULL;
    if (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0) return &classic_shape;
    if (size >= 16 && (memcmp(data, "II+\0", 4) == 0 || memcmp(data, "MM\0+", 4) == 0)) return &big_shape;
    return NULL;
}

uint32_t i2v_tiff_tag(const uint8_t *data, size_t size, unsigned tag, uint32_t missing) {
    if (size >= 6 && memcmp(data, "Exif\0\0", 6) == 0) {
        data += 6;
        size -= 6;
    }
    const tiff_shape *shape = shape_of(data, size);
    if (!shape) return missing;
    tiff_bytes tiff = {data, size, data[0] == 'M'};
    size_t directory = (size_t)read_uint(&tiff, shape->first, shape->offset_bytes);
    uint64_t count = read_uint(&tiff, directory, shape->entries_bytes);
    uint32_t value = missing;
    for (uint64_t i = 0; i < count; i++) {
        size_t entry = directory + (size_t)shape->entries_bytes + (size_t)i * shape->entry;
        if (entry > size || size - entry < shape->entry) break;
        uint64_t type = read_uint(&tiff, entry + 2, 2);
        if (read_uint(&tiff, entry, 2) != tag || read_uint(&tiff, entry + 4, shape->offset_bytes) != 1) continue;
        if (type == TYPE_BYTE || type == TYPE_SHORT || type == TYPE_LONG) {
            int bytes = type == TYPE_BYTE ? 1 : type == TYPE_SHORT ? 2 : 4;
            value = (uint32_t)read_uint(&tiff, entry + shape->value_at, bytes);
        }
    }
    return value;
}

int i2v_orientation(const uint8_t *exif, size_t exif_size, const uint8_t *xmp, size_t xmp_size) {
    enum { MISSING = 0x10000 };
    uint32_t orientation = exif_size ? i2v_tiff_tag(exif, exif_size, TAG_ORIENTATION, MISSING) : MISSING;
    if (orientation == MISSING) orientation = xmp_size ? xmp_orientation(xmp, xmp_size) : 1;
    return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
}
