/* The orientation in an EXIF block, the bytes themselves, and the same in a JPEG around them. An orientation in XMP is
 * reached by the target pictures and its seeds. */
#include "fuzz.h"

#include "media/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int orientation = i2v_exif_orientation(data, size);
    fuzz_require(orientation >= 1 && orientation <= 8);
    if (size >= 2) i2v_tiff_tag(data + 2, size - 2, (unsigned)data[0] << 8 | data[1], 0);
    return 0;
}
