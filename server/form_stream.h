/* A form (multipart/form-data, RFC 7578) that comes in pieces: its parts are handed on as they come, whatever the
 * pieces are cut at. */
#ifndef SERVER_FORM_STREAM_H
#define SERVER_FORM_STREAM_H

#include "failure.h"

#include <stddef.h>

enum {
    SERVER_BOUNDARY_MOST = 70, /* characters, by RFC 2046 */
    SERVER_FORM_LINE = 4096    /* bytes of a line of a part's head */
};

/* What takes the parts: each is begun, given in any number of pieces, and ended. All return 1; or 0, and the problem of
 * server_form_feed says what is wrong. file: the name of a file; NULL: the part is a field. */
typedef struct server_form_taker {
    int (*begin)(void *user, const char *name, const char *file);
    int (*take)(void *user, const char *bytes, size_t size);
    int (*end)(void *user);
    void *user;
} server_form_taker;

typedef enum server_form_place {
    SERVER_FORM_BEFORE, /* the first boundary */
    SERVER_FORM_TAIL,   /* of a boundary's line */
    SERVER_FORM_HEAD,   /* of a part */
    SERVER_FORM_CONTENT,
    SERVER_FORM_AFTER /* the last boundary */
} server_form_place;

typedef struct server_form_stream {
    server_form_taker taker;
    char boundary[4 + SERVER_BOUNDARY_MOST + 1]; /* "\r\n--", and what the head of the request says */
    size_t boundary_size;
    size_t matched;  /* bytes of it that came last */
    size_t imagined; /* the first of these, which a part's first line has not before it */
    server_form_place place;
    char line[SERVER_FORM_LINE]; /* of a part's head, or what follows a boundary */
    size_t line_size;
    char name[100]; /* of the part; "": it has none */
    char file[100]; /* its beginning */
    int has_file;
    int has_bytes; /* something came */
} server_form_stream;

/* type: the form's content type, with its boundary. Returns 1; or 0, and problem says what is wrong. */
int server_form_begin(server_form_stream *form, const char *type, const server_form_taker *taker,
                      server_problem *problem);

/* Likewise. */
int server_form_feed(server_form_stream *form, const char *bytes, size_t size, server_problem *problem);

/* All has come: likewise. */
int server_form_finish(const server_form_stream *form, server_problem *problem);

#endif
