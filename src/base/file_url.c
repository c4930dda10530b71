/* Paths in the form of addresses, such as "file:///home/me/a%20picture.png". */
#include "base/file_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int i2v_percent_decode(char *to, const char *text, size_t length) {
    int has_zero = 0;
    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && i + 2 < length ? digit(text[i + 1]) : -1;
        int low = high >= 0 ? digit(text[i + 2]) : -1;
        *to = low >= 0 ? (char)(high << 4 | low) : text[i];
        if (low >= 0) i += 2;
        has_zero |= *to++ == '\0';
    }
    *to = '\0';
    return !has_zero;
}

/* "file:/..." in any case. */
static int is_file_url(const char *text) {
    return strncasecmp(text, "file:/", 6) == 0;
}

/* The path in a file address, still encoded; NULL if it names another machine. RFC 8089: "file:/x", "file:///x" and
 * "file://localhost/x" are the same. */
static const char *path_in(const char *url) {
    const char *rest = url + strlen("file:");
    if (strncmp(rest, "//", 2) != 0) return rest;
    rest += 2;
    if (strncasecmp(rest, "localhost/", 10) == 0) rest += 9;
    return *rest == '/' ? rest : NULL;
}

int i2v_path_from_url(char *text) {
    if (!text) return 0;
    if (!is_file_url(text)) return 1;
    const char *inside = path_in(text);
    char *decoded = inside ? strdup(inside) : NULL; /* so that text stays as it is where it fails */
    int good = decoded && i2v_percent_decode(decoded, decoded, strlen(decoded));
    if (good) strcpy(text, decoded);
    free(decoded);
    return good;
}

i2v_status i2v_path_of(char **path, const char *text, i2v_error *error) {
    *path = strdup(text);
    if (!*path) return i2v_fail_memory(error, "a path", strlen(text));
    if (i2v_path_from_url(*path)) return I2V_OK;
    free(*path);
    *path = NULL;
    return i2v_fail(error, I2V_ERROR_IO,
                    "%s leads to no file of this machine; such addresses are like file:///home/me/a.png", text);
}
