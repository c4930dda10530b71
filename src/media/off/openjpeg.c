/* What pictures of this kind are without OpenJPEG (I2V_OPENJPEG=OFF): named. */
#include "media/picture_rare.h"

i2v_status i2v_decode_jpeg2000(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is a JPEG 2000, and this build is without OpenJPEG (I2V_OPENJPEG=OFF): convert it to PNG",
                    source->name);
}

i2v_status i2v_jpeg2000_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    *width = *height = 0;
    return i2v_decode_jpeg2000(NULL, source, error);
}
