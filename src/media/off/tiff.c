/* What pictures of this kind are without libtiff (I2V_TIFF=OFF): named. */
#include "media/picture_rare.h"

i2v_status i2v_decode_tiff(i2v_raster *raster, const i2v_encoded *source, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is a TIFF, and this build is without libtiff (I2V_TIFF=OFF): convert it to PNG", source->name);
}
