/* All that a running server has; its threads share it. */
#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include "folder.h"
#include "keys.h"
#include "models.h"
#include "queue.h"
#include "say.h"
#include "store.h"

typedef struct server_state {
    const server_settings *settings;
    server_voice voice;
    server_folder folder;
    server_store *store;
    server_models models;
    server_keys keys;
    server_queue queue;
} server_state;

#endif
