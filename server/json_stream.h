/* JSON that comes in pieces and may hold a picture: where a picture may be, a text that begins "data:" is an address
 * with it (RFC 2397), which is decoded into a file while it comes; all else is small, and kept. */
#ifndef SERVER_JSON_STREAM_H
#define SERVER_JSON_STREAM_H

#include "base64.h"
#include "upload.h"

#include <jansson.h>

/* What the text of such an address is in the tree. */
#define SERVER_DATA_HERE "data:"

enum { SERVER_JSON_MOST = 1 << 20 }; /* bytes of all else */

typedef enum server_json_place {
    SERVER_JSON_OUTSIDE, /* of texts */
    SERVER_JSON_BEGIN,   /* of a text where a picture may be, whose first letters are those of "data:" so far */
    SERVER_JSON_TEXT,    /* another */
    SERVER_JSON_ESCAPE, /* after a backslash in a text */
    SERVER_JSON_HEAD,   /* of an address, up to its comma */
    SERVER_JSON_DATA    /* of an address */
} server_json_place;

enum { SERVER_JSON_WORD = 20 }; /* bytes of the longest key that is looked at */

typedef struct server_json_stream {
    server_upload *upload;
    char *kept;
    size_t size, room;
    server_json_place place;
    int depth;                      /* objects and arrays that are open */
    char keys[2][SERVER_JSON_WORD]; /* of the value that comes, in the outer two of them; "": none, or a long one */
    char word[SERVER_JSON_WORD];    /* the last text */
    size_t word_size;
    size_t number; /* bytes of the number that is being read */
    int matched;    /* letters of "data:" */
    int is_escaped; /* the character before was a backslash, in an address */
    char head[128]; /* "image/png;base64" */
    size_t head_size;
    server_base64 base64;
    unsigned char bytes[4096]; /* decoded, not yet written */
    size_t bytes_size;
} server_json_stream;

void server_json_begin(server_json_stream *stream, server_upload *upload);

/* Returns 1; or 0, and problem says what is wrong. */
int server_json_feed(server_json_stream *stream, const char *text, size_t size, server_problem *problem);

/* The object, to be released; NULL, and problem says what is wrong. */
json_t *server_json_finish(server_json_stream *stream, server_problem *problem);

void server_json_end(server_json_stream *stream);

#endif
