/* The guidance weight of each frame. */
#include "pipeline/guidance.h"

#include <math.h>

float i2v_linspace(float start, float end, int count, int index) {
    if (count == 1) return start;
    float step = (end - start) / (float)(count - 1);
    return index < count / 2 ? start + step * (float)index : end - step * (float)(count - 1 - index);
}

float i2v_guidance_weight(i2v_guidance_shape shape, double low, double high, int count, int index) {
    if (shape == I2V_GUIDANCE_LINEAR) return i2v_linspace((float)low, (float)high, count, index);
    float place = i2v_linspace(0, 1, count, index);
    float value = 2 * fabsf(place - floorf(place + 0.5f));
    return value * (float)(high - low) + (float)low;
}

int i2v_guidance_needed(i2v_guidance_shape shape, double low, double high, int count) {
    for (int i = 0; i < count; i++) {
        if (i2v_guidance_weight(shape, low, high, count, i) > 1) return 1;
    }
    return 0;
}
