/* Addresses of the web: their parts, where they lead, how messages show them. */
#include "hub/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int i2v_url_is_web(const char *text) {
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

int i2v_origin_equal(const i2v_origin *a, const i2v_origin *b) {
    return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

int i2v_url_is_downgrade(const char *from, const char *to) {
    return strncasecmp(from, "https:", 6) == 0 && strncasecmp(to, "https:", 6) != 0;
}

void i2v_url_show(char shown[I2V_URL_SHOWN_SIZE], const char *url) {
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t length = strcspn(host, "?#"), authority = strcspn(host, "/?#");
    size_t hidden = authority;
    while (hidden > 0 && host[hidden - 1] != '@') hidden--;
    snprintf(shown, I2V_URL_SHOWN_SIZE, "%.*s%.*s", (int)(host - url), url, (int)(length - hidden), host + hidden);
}

char *i2v_url_escape(const char *text, int keep_slashes) {
    char *escaped = malloc(3 * strlen(text) + 1), *to = escaped;
    if (!escaped) return NULL;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c < 0x80 && isalnum(*c)) || strchr("-._~", *c) || (keep_slashes && *c == '/'))
            *to++ = (char)*c;
        else
            to += sprintf(to, "%%%02X", *c);
    }
    *to = 0;
    return escaped;
}
