/* PNG out: one picture, without loss. */
#ifndef I2V_MEDIA_PNG_WRITE_H
#define I2V_MEDIA_PNG_WRITE_H

#include "base/file.h"

/* Writes rgb, [height][width][3], to the temporary file. */
i2v_status i2v_png_write(const i2v_output_file *file, int width, int height, const uint8_t *rgb, i2v_error *error);

#endif
