/* Pictures that are given by an address of the web. */
#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int cli_is_address(const char *text) {
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

char *cli_address_without_password(const char *address) {
    const char *host = strstr(address, "://") + 3, *name = host + strcspn(host, "/?#");
    while (name > host && name[-1] != '@') name--;
    char *bare;
    return asprintf(&bare, "%.*s%s", (int)(host - address), address, name) < 0 ? NULL : bare;
}
