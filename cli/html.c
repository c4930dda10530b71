/* Text and bytes of any origin in a page of HTML. */
#include "html.h"
#include "img2vid/img2vid.h"

#include <stdlib.h>
#include <string.h>

int cli_html_text(FILE *to, const char *text) {
    char *printable = strdup(text);
    if (!printable) return 0;
    i2v_make_printable(printable);
    for (const char *c = printable; *c; c++) {
        const char *escaped = *c == '&'    ? "&amp;"
                              : *c == '<'  ? "&lt;"
                              : *c == '>'  ? "&gt;"
                              : *c == '"'  ? "&quot;"
                              : *c == '\'' ? "&#39;"
                                           : NULL;
        if (escaped)
            fputs(escaped, to);
        else
            putc(*c, to);
    }
    free(printable);
    return 1;
}

void cli_html_base64(FILE *to, const unsigned char *bytes, size_t size) {
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
