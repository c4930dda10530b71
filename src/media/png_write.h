/* PNG out: one picture, without loss. */
#ifndef I2V_MEDIA_PNG_WRITE_H
#define I2V_MEDIA_PNG_WRITE_H

#include "base/error.h"

/* Writes rgb, [height][width][3], to the file at path, which is there already. name is what messages call it. */
i2v_status i2v_png_write(const char *path, const char *name, int width, int height, const uint8_t *rgb,
                         i2v_error *error);

#endif
