#include "base/finite.h"

#include <stdint.h>
#include <string.h>

enum { TOGETHER = 1024 };

/* NaN and the infinities are the floats whose exponent is all ones. */
static uint32_t is_not_finite(const float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    return (bits & 0x7f800000u) == 0x7f800000u;
}

/* Without a way out of the loop, which would keep it from being vectorised. */
static uint32_t any_not_finite(const float *values, size_t count) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) found |= is_not_finite(values + i);
    return found;
}

size_t i2v_first_not_finite(const float *values, size_t count) {
    size_t first = 0;
    while (first < count && !any_not_finite(values + first, count - first < TOGETHER ? count - first : TOGETHER)) {
        first += TOGETHER;
    }
    while (first < count && !is_not_finite(values + first)) first++;
    return first < count ? first : count;
}
