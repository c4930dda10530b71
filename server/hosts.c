/* Which Host and Origin a request may have. */
#include "hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int is_port(const char *text) {
    size_t length = strspn(text, "0123456789");
    return length > 0 && length <= 5 && text[length] == 0;
}

/* The host without its port and brackets, into name; 0 if it is none. */
static int split(const char *host, char *name, size_t size, int *is_v6) {
    *is_v6 = *host == '[';
    const char *end = *is_v6 ? strchr(host, ']') : host + strcspn(host, ":");
    if (!end) return 0;
    const char *rest = end + *is_v6;
    if (*rest && !(*rest == ':' && is_port(rest + 1))) return 0;
    size_t length = (size_t)(end - host) - (size_t)*is_v6;
    if (length == 0 || length >= size) return 0;
    snprintf(name, size, "%.*s", (int)length, host + *is_v6);
    return 1;
}

static int is_listed(const char *name, const char *list) {
    size_t length = strlen(name);
    while (list && *list) {
        size_t here = strcspn(list, ",");
        if (here == length && strncasecmp(list, name, length) == 0) return 1;
        list += here + (list[here] == ',');
    }
    return 0;
}

int server_host_is_allowed(const char *host, const char *allowed) {
    char name[256];
    unsigned char address[16];
    int is_v6;
    if (!host || !split(host, name, sizeof name, &is_v6)) return 0;
    if (is_v6) return inet_pton(AF_INET6, name, address) == 1;
    return inet_pton(AF_INET, name, address) == 1 || strcasecmp(name, "localhost") == 0 || is_listed(name, allowed);
}

int server_origin_is_own(const char *origin, const char *host) {
    size_t scheme = strncmp(origin, "http://", 7) == 0 ? 7 : strncmp(origin, "https://", 8) == 0 ? 8 : 0;
    return scheme && host && strcasecmp(origin + scheme, host) == 0;
}
