/* Bytes as base64, digit by digit. */
#include "base64.h"

void cli_base64_write(FILE *to, const uint8_t *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at;
        unsigned three = (unsigned)bytes[at] << 16;
        if (left > 1) three |= (unsigned)bytes[at + 1] << 8;
        if (left > 2) three |= bytes[at + 2];
        putc(digits[three >> 18], to);
        putc(digits[three >> 12 & 63], to);
        putc(left > 1 ? digits[three >> 6 & 63] : '=', to);
        putc(left > 2 ? digits[three & 63] : '=', to);
    }
}
