/* Numbers of two, four and eight bytes, the least significant byte first, at any place. */
#ifndef I2V_BASE_LITTLE_ENDIAN_H
#define I2V_BASE_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint16_t i2v_le16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t i2v_le32(const uint8_t *at) {
    return i2v_le16(at) | (uint32_t)i2v_le16(at + 2) << 16;
}

static inline uint64_t i2v_le64(const uint8_t *at) {
    return i2v_le32(at) | (uint64_t)i2v_le32(at + 4) << 32;
}

#endif
