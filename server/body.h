/* The body of a request for a video, as it comes: fields, and the picture. */
#ifndef SERVER_BODY_H
#define SERVER_BODY_H

#include "form_stream.h"
#include "json_stream.h"

typedef struct server_body {
    server_upload upload;
    server_problem problem; /* of what has come so far: the rest is passed over */
    server_form_stream form;
    server_json_stream json;
    json_t *fields;     /* of JSON: NULL until all has come */
    int is_picture;     /* the part of the form that is being read */
    size_t fields_size; /* bytes of a form's fields */
    struct {            /* the field that is being read */
        char name[100];
        char *bytes;
        size_t size;
    } text;
    uint64_t size; /* bytes that came */
} server_body;

/* type: of the content. body is to be ended in any case. Returns 1; or 0, and problem says what is wrong. */
int server_body_begin(server_body *body, const char *type, const server_folder *folder, uint64_t most);

/* 0 where so much came after a problem that the connection is to be closed. */
int server_body_feed(server_body *body, const char *bytes, size_t size);

/* All has come. Returns 1, with the fields whole and the picture the job's; or 0, and problem says what is wrong. */
int server_body_finish(server_body *body);

void server_body_end(server_body *body);

#endif
