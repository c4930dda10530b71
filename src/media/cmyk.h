/* CMYK without a profile. */
#ifndef I2V_MEDIA_CMYK_H
#define I2V_MEDIA_CMYK_H

#include <stdint.h>

/* Pillow's arithmetic. light is CMYK inverted, as Photoshop stores it: 255 is no ink. rgb may be light. */
static inline void i2v_cmyk_to_rgb(uint8_t rgb[3], const uint8_t light[4]) {
    int black = light[3];
    for (int c = 0; c < 3; c++) {
        int ink = (255 - light[c]) * black + 128; /* / 255, rounded */
        int value = black - (((ink >> 8) + ink) >> 8);
        rgb[c] = (uint8_t)(value < 0 ? 0 : value);
    }
}

#endif
