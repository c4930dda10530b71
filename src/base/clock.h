/* Seconds of a clock that never goes back. */
#ifndef I2V_BASE_CLOCK_H
#define I2V_BASE_CLOCK_H

#include <time.h>

static inline double i2v_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
