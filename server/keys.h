/* API keys: who may use the server, and who a client is. */
#ifndef SERVER_KEYS_H
#define SERVER_KEYS_H

#include "img2vid/img2vid.h"

#include <stddef.h>

enum { SERVER_CLIENT_SIZE = 64, SERVER_KEY_SIZE = 256 };

typedef struct server_key {
    char client[SERVER_CLIENT_SIZE]; /* "alice", or what server_key_owner says */
    char key[SERVER_KEY_SIZE];       /* filled up with zeros */
} server_key;

typedef struct server_keys {
    server_key *items; /* NULL: none is asked for */
    size_t count;
} server_keys;

/* Reads lines "KEY" or "NAME KEY"; empty ones and those that begin with '#' are passed over. A client may have several
 * keys. */
i2v_status server_keys_read(server_keys *keys, const char *path, i2v_error *error);

/* One random key, for a client "key-drawn". */
i2v_status server_keys_draw(server_keys *keys, i2v_error *error);

/* The client whose key stands in the header "Authorization: Bearer KEY"; NULL if there is none. The time it takes does
 * not depend on how much of a key was right. */
const char *server_keys_find(const server_keys *keys, const char *authorization);

void server_keys_end(server_keys *keys);

#endif
