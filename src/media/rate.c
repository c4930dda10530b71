/* Continued fractions: each convergent is nearer than all fractions of smaller numbers; between two of them, the last
 * that is within the limit may be nearer still. */
#include "media/rate.h"

#include <math.h>

static int64_t less_of(int64_t a, int64_t b) {
    return a < b ? a : b;
}

i2v_rate i2v_rate_of(double fps, int max) {
    int exponent;
    frexp(fps, &exponent);
    int64_t below = (int64_t)1 << (62 - (exponent > 1 ? exponent - 1 : 0));
    int64_t above = (int64_t)floor(fps * (double)below + 0.5);
    int64_t before[2] = {0, 1}, now[2] = {1, 0}; /* convergents: numerator and denominator */
    while (below) {
        int64_t whole = above / below, rest = above - whole * below;
        int64_t next[2] = {whole * now[0] + before[0], whole * now[1] + before[1]};
        if (next[0] > max || next[1] > max) {
            int64_t part = whole;
            if (now[0]) part = (max - before[0]) / now[0];
            if (now[1]) part = less_of(part, (max - before[1]) / now[1]);
            /* nearer than `now` is */
            if ((__int128)below * (2 * part * now[1] + before[1]) > (__int128)above * now[1]) {
                now[0] = part * now[0] + before[0];
                now[1] = part * now[1] + before[1];
            }
            break;
        }
        for (int i = 0; i < 2; i++) {
            before[i] = now[i];
            now[i] = next[i];
        }
        above = below;
        below = rest;
    }
    return (i2v_rate){(int)now[0], (int)now[1]};
}

int64_t i2v_rate_milliseconds(i2v_rate rate, int64_t index) {
    return (index * rate.den * 1000 + rate.num / 2) / rate.num;
}
