/* Pictures of all kinds, told by their first bytes. A claim of more than a megapixel is passed over before decoding:
 * filling it takes a hundred times as long as any other input, and its size has been checked by then. */
#include "fuzz.h"

#include "media/probe.h"

#define MAX_PIXELS (1 << 20)

static int is_large(const uint8_t *data, size_t size) {
    i2v_encoded source = {data, size, "the picture"};
    i2v_media_info info = {0};
    i2v_picture_format format = size ? i2v_picture_format_of(data, size) : I2V_PICTURE_UNKNOWN;
    if (format == I2V_PICTURE_UNKNOWN || i2v_probe_picture(&info, &source, format, NULL)) return 0;
    return (int64_t)info.width * info.height > MAX_PIXELS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    i2v_error error = {0};
    i2v_image *image = NULL;
    if (is_large(data, size)) return 0;
    i2v_alpha alpha = size % 2 ? I2V_ALPHA_WHITE : I2V_ALPHA_DROP;
    i2v_status status = i2v_image_load_memory(&image, data, size, alpha, &error);
    fuzz_require_told(status, &error);
    fuzz_require(!status == (image != NULL));
    if (image) {
        unsigned sum = 0;
        for (size_t i = 0; i < (size_t)image->width * (size_t)image->height * 3; i++) sum += image->pixels[i];
        fuzz_require(image->width > 0 && image->height > 0 && sum <= 255u * 3 * 2 * MAX_PIXELS);
    }
    i2v_image_free(image);
    return 0;
}
