/* Text of any origin made safe to print on a terminal. */
#include "img2vid/img2vid.h"

#include <stddef.h>
#include <stdint.h>

/* The character at text, and its bytes in *size; -1 for a byte that is no UTF-8: overlong forms, halves of surrogates
 * and what is cut off are none. */
static int32_t read_character(const unsigned char *text, size_t *size) {
    static const int32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    *size = 1;
    if (*text < 0x80) return *text;
    size_t length = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
    if (*text < 0xc2 || *text > 0xf4) return -1;
    int32_t value = *text & (0x7f >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return -1;
        value = value << 6 | (text[i] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return -1;
    *size = length;
    return value;
}

/* Terminals obey C0 and C1; line and paragraph separators break a line, overrides and isolates of direction let it read
 * as another. */
static int steers(int32_t character) {
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

void i2v_make_printable(char *text) {
    if (!text) return;
    const unsigned char *from = (const unsigned char *)text;
    char *to = text;
    while (*from) {
        size_t size;
        if (steers(read_character(from, &size))) /* -1 is, too */
            *to++ = '?';
        else
            for (size_t i = 0; i < size; i++) *to++ = (char)from[i];
        from += size;
    }
    *to = 0;
}
