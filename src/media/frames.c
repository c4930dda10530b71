/* Frames from 0..1 to 8 bit. */
#include "media/media.h"

#include <math.h>

void i2v_frame_to_u8(const float *frame, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        float value = frame[i] > 0.0f ? frame[i] : 0.0f; /* also where it is NaN */
        out[i] = (uint8_t)rintf((value < 1.0f ? value : 1.0f) * 255.0f);
    }
}
