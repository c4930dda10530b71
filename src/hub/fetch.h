/* The bytes behind one address. */
#ifndef I2V_HUB_FETCH_H
#define I2V_HUB_FETCH_H

#include "hub/http.h"

typedef struct i2v_fetched {
    uint8_t *data; /* freed with free() */
    size_t size;
    i2v_http_reply reply; /* also where the request failed */
} i2v_fetched;

/* Asks once on an opened client, and keeps at most limit bytes. what is for messages, as in i2v_transfer_fail. */
i2v_status i2v_fetch(i2v_fetched *fetched, i2v_http *http, const i2v_http_request *request, size_t limit,
                     const char *what, i2v_error *error);

/* The whole of it for an address that a person gave, with a client of its own: at most 5 redirects, and at most
 * `seconds` in all. */
i2v_status i2v_fetch_url(i2v_fetched *fetched, const char *url, size_t limit, double seconds,
                         int (*cancelled)(void *user), void *user, i2v_error *error);

#endif
