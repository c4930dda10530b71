/* Frames a second, as a fraction. */
#ifndef I2V_MEDIA_RATE_H
#define I2V_MEDIA_RATE_H

#include <stdint.h>

typedef struct i2v_rate {
    int num, den;
} i2v_rate;

/* The fraction next to fps (0.01..1000) of which neither number is over max: FFmpeg's av_d2q. */
i2v_rate i2v_rate_of(double fps, int max);

static inline double i2v_rate_value(i2v_rate rate) {
    return rate.num / (double)rate.den;
}

/* When frame `index` begins, rounded to the nearest millisecond, halves up. */
int64_t i2v_rate_milliseconds(i2v_rate rate, int64_t index);

#endif
