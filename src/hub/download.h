/* One file from the hub to its place in the cache, over several connections. */
#ifndef I2V_HUB_DOWNLOAD_H
#define I2V_HUB_DOWNLOAD_H

#include "hub/http.h"
#include "hub/listing.h"

#define I2V_CONNECTIONS_MAX 16

typedef struct i2v_download {
    const char *url, *token;
    const i2v_hub_file *file; /* its size is known */
    const char *incomplete;   /* path while it arrives */
    const char *path;         /* and then */
    int connections;
    uint64_t part_size; /* bytes that one request asks for */
    /* Told when bytes are there: all of this file's, and those that just came. */
    void (*progress)(void *user, uint64_t done, uint64_t received);
    /* Told when the digest is being computed; non-zero cancels. */
    int (*checking)(void *user);
    void *user;
} i2v_download;

/* Goes on from what is at incomplete. On failure that is kept, unless it is wrong. When the server refused, *reply is
 * its answer, for sentences of more sense than the one in error; else its status is 0. */
i2v_status i2v_download_run(const i2v_download *download, i2v_http *http, i2v_http_reply *reply, i2v_error *error);

#endif
