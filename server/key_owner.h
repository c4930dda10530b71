/* Who the owner of an API key without a name is. */
#ifndef SERVER_KEY_OWNER_H
#define SERVER_KEY_OWNER_H

#include "img2vid/img2vid.h"

enum { SERVER_KEY_OWNER_SIZE = 4 + 16 + 1 };

/* "key-" and the first 16 digits of the key's SHA-256: the same wherever the key stands in its file, and no key. */
i2v_status server_key_owner(const char *key, char owner[SERVER_KEY_OWNER_SIZE], i2v_error *error);

#endif
