/* The orientation in an EXIF block, and in XMP: the bytes up to the first 0xff, and those behind it. */
#include "fuzz.h"

#include "media/picture.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
    size_t exif_size = end ? (size_t)(end - data) : size, xmp_size = end ? size - exif_size - 1 : 0;
    int orientation = i2v_orientation(data, exif_size, end ? end + 1 : NULL, xmp_size);
    fuzz_require(orientation >= 1 && orientation <= 8);
    if (size >= 2) i2v_tiff_tag(data + 2, size - 2, (unsigned)data[0] << 8 | data[1], 0);
    return 0;
}
