/* A decoded frame as 8-bit RGB. */
#ifndef I2V_MEDIA_FRAME_RGB_H
#define I2V_MEDIA_FRAME_RGB_H

#include "base/error.h"

#include <libavutil/frame.h>

/* Into rgb, [height][width][3], by the matrix and range that the frame says; transparent pixels are laid over white.
 * I2V_ERROR_UNSUPPORTED for pixels of a kind that no video here has. name is for the message. */
i2v_status i2v_frame_to_rgb(const AVFrame *frame, uint8_t *rgb, const char *name, i2v_error *error);

#endif
