/* HTTP, by libmicrohttpd: who may ask is asked here, what is asked for in the API. */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "state.h"

struct MHD_Daemon;

/* Answers on a socket that listens, which becomes the daemon's. Each connection has a thread. NULL on failure. */
struct MHD_Daemon *server_http_begin(server_state *state, int socket, i2v_error *error);

/* Ends all connections. NULL is allowed. */
void server_http_end(struct MHD_Daemon *daemon);

#endif
