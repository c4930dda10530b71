/* What pictures of this kind are without libavif (I2V_AVIF=OFF): named. */
#include "media/picture_rare.h"

i2v_status i2v_decode_avif(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is an AVIF, and this build is without libavif (I2V_AVIF=OFF): convert it to PNG", source->name);
}

i2v_status i2v_avif_size(const i2v_encoded *source, int64_t *width, int64_t *height, i2v_error *error) {
    *width = *height = 0;
    return i2v_decode_avif(NULL, source, error);
}
