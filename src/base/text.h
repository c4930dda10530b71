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

/* 1 if a name holds control characters, which would garble the messages that quote it. */
static inline int i2v_has_control_characters(const char *name) {
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f) return 1;
    return 0;
}

#endif
