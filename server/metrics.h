/* Figures of the running server, in Prometheus' text format. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "reply.h"
#include "state.h"

void server_metrics_write(server_state *state, server_reply *reply);

#endif
