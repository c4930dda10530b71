/* Questions about strings. */
#ifndef I2V_BASE_TEXT_H
#define I2V_BASE_TEXT_H

#include <string.h>

static inline int i2v_starts_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The last strlen(ending) characters of text, or all of it if it is shorter. */
static inline const char *i2v_text_end(const char *text, const char *ending) {
    size_t size = strlen(text), tail = strlen(ending);
    return size >= tail ? text + size - tail : text;
}

static inline int i2v_ends_with(const char *text, const char *ending) {
    return strcmp(i2v_text_end(text, ending), ending) == 0;
}

#endif
