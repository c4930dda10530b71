/* Whether values are finite numbers. */
#include "base/finite.h"

#include <stdint.h>
#include <string.h>

/* Values that are looked at before the loop may end. */
enum { PIECE = 1024 };

/* Without the sign, floats are in the order of their bits, the infinities and NaN behind all others. */
static uint32_t magnitude(const float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    return bits & 0x7fffffffu;
}

/* Without a way out of the loop, which would keep it from being vectorised. */
static uint32_t any_beyond(const float *values, size_t count, uint32_t limit) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) found |= magnitude(values + i) > limit;
    return found;
}

size_t i2v_first_beyond(const float *values, size_t count, float limit) {
    uint32_t most = magnitude(&limit);
    size_t first = 0;
    while (first < count && !any_beyond(values + first, count - first < PIECE ? count - first : PIECE, most)) {
        first += PIECE;
    }
    while (first < count && magnitude(values + first) <= most) first++;
    return first < count ? first : count;
}
