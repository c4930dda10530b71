/* The thread that works on jobs, one after the other. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "state.h"

/* Begins it. It ends after server_queue_stop, and is to be joined. */
i2v_status server_worker_begin(pthread_t *thread, server_state *state, i2v_error *error);

/* The server ends by its own will: that the job which runs was begun does not count against it. May be called at any
 * time after server_queue_stop, and again. */
void server_worker_leave(server_state *state);

#endif
