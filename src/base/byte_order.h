/* Unsigned numbers of some bytes at any address, the most (big endian) or the least significant byte first. */
#ifndef I2V_BASE_BYTE_ORDER_H
#define I2V_BASE_BYTE_ORDER_H

#include <stdint.h>

/* Of up to eight bytes. */

static inline uint64_t i2v_big_endian64(const uint8_t *at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | at[i];
    return value;
}

static inline uint64_t i2v_little_endian64(const uint8_t *at, int bytes) {
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
    return value;
}

/* Of up to four. */

static inline uint32_t i2v_big_endian(const uint8_t *at, int bytes) {
    return (uint32_t)i2v_big_endian64(at, bytes);
}

static inline uint32_t i2v_little_endian(const uint8_t *at, int bytes) {
    return (uint32_t)i2v_little_endian64(at, bytes);
}

#endif
