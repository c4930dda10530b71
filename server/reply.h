/* What a client gets: a status, headers, and a body in memory or of a file. */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include "failure.h"

#include <jansson.h>

enum { SERVER_REPLY_HEADERS = 6 };

typedef struct server_reply {
    unsigned http;
    const char *type; /* of the body */
    char *text;       /* NULL: none */
    int file;         /* a descriptor, from offset on `length` bytes; -1: none */
    uint64_t offset, length;
    struct {
        const char *name;
        char value[160];
    } headers[SERVER_REPLY_HEADERS];
    int headers_count;
} server_reply;

void server_reply_begin(server_reply *reply);
void server_reply_end(server_reply *reply);

/* name is static. */
__attribute__((format(printf, 3, 4))) void server_reply_header(server_reply *reply, const char *name,
                                                               const char *format, ...);

/* Takes the tree's reference; NULL: not enough memory, which it says. */
void server_reply_json(server_reply *reply, unsigned http, json_t *tree);

/* OpenAI's error object. */
void server_reply_problem(server_reply *reply, const server_problem *problem);

#endif
