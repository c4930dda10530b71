/* Text of any origin in a page of HTML. */
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
