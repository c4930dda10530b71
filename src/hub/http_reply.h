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
    char error_message[160]; /* X-Error-Message */
} i2v_http_reply;

/* An answer that has said nothing yet. */
void i2v_http_reply_begin(i2v_http_reply *reply);

/* Takes a line of the head, which need not end with a zero. */
void i2v_http_reply_line(i2v_http_reply *reply, const char *line, size_t length);

#endif
