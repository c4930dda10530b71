/* A picture that arrives: it goes to a file as it comes, and is never in memory as a whole. */
#ifndef SERVER_UPLOAD_H
#define SERVER_UPLOAD_H

#include "failure.h"
#include "folder.h"

typedef struct server_upload {
    const server_folder *folder;
    char id[SERVER_ID_SIZE]; /* of the job that it will be for; "": nothing has come */
    int descriptor;
    uint64_t size, most; /* bytes */
} server_upload;

void server_upload_begin(server_upload *upload, const server_folder *folder, uint64_t most);

/* 1 once one was begun: a job has one picture. */
int server_upload_is_there(const server_upload *upload);

/* Makes the file. All three return 1; or 0, and problem says what is wrong. */
int server_upload_open(server_upload *upload, server_problem *problem);
int server_upload_write(server_upload *upload, const void *bytes, size_t size, server_problem *problem);
/* All has come: it is a picture that can be read so, and on the disk as the job's. */
int server_upload_commit(server_upload *upload, const i2v_image_options *options, server_problem *problem);

/* Removes what was not committed. */
void server_upload_end(server_upload *upload);

#endif
