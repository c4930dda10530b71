/* What the head of an answer says. */
#ifndef I2V_HUB_HTTP_REPLY_H
#define I2V_HUB_HTTP_REPLY_H

#include <stddef.h>
#include <stdint.h>

/* What a server said. Texts are "" where it did not. */
typedef struct i2v_http_reply {
    long status;             /* 0: no answer */
    int64_t length;          /* of the body; -1: not said */
    int64_t first, total;    /* of Content-Range, with status 206; -1: not said */
    char type[64];           /* Content-Type */
    char etag[160];          /* X-Linked-Etag, else ETag, without quotes */
    int64_t linked_size;     /* X-Linked-Size; -1: not said */
    int linked;              /* X-Linked-Etag was there */
    char commit[64];         /* X-Repo-Commit */
    char error_code[64];     /* X-Error-Code */
    char error_message[256]; /* X-Error-Message, else what the body of an error says; printable (i2v_make_printable) */
} i2v_http_reply;

/* The body of an error, as far as it is of use. */
typedef struct i2v_http_page {
    char text[4096]; /* its beginning */
    size_t size;     /* of all that came */
} i2v_http_page;

/* An answer that has said nothing yet. */
void i2v_http_reply_begin(i2v_http_reply *reply);

/* Takes a line of the head, which need not end with a zero. */
void i2v_http_reply_line(i2v_http_reply *reply, const char *line, size_t length);

void i2v_http_page_add(i2v_http_page *page, const void *data, size_t size);

/* Takes the message of a body in JSON, if no header had one. */
void i2v_http_reply_page(i2v_http_reply *reply, const i2v_http_page *page);

/* Drops a message that repeats the token, which may be NULL: it would be printed. The message is printable by now, so that
 * nothing which an error leaves out (i2v_fail) can stand between the token's letters. */
void i2v_http_reply_hide(i2v_http_reply *reply, const char *token);

#endif
