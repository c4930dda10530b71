/* The thread that works on jobs, one after the other. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "state.h"

/* Begins it. It ends after server_queue_stop, and is to be joined. */
i2v_status server_worker_begin(pthread_t *thread, server_state *state, i2v_error *error);

#endif
