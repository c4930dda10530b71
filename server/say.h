/* Lines for a person and the log, from any thread. */
#ifndef SERVER_SAY_H
#define SERVER_SAY_H

#include "server.h"

#include <pthread.h>

typedef struct server_voice {
    pthread_mutex_t lock;
    const server_settings *settings;
} server_voice;

void server_voice_begin(server_voice *voice, const server_settings *settings);
void server_voice_end(server_voice *voice);

/* What is always said. Control characters become '?'. */
__attribute__((format(printf, 2, 3))) void server_say(server_voice *voice, const char *format, ...);
/* What only --verbose and the log have. */
__attribute__((format(printf, 2, 3))) void server_tell(server_voice *voice, const char *format, ...);

#endif
