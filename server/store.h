/* Jobs and their states, in SQLite: what is written here is on the disk when the call returns. */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "folder.h"

#include <stddef.h>
#include <stdint.h>

typedef enum server_status {
    SERVER_QUEUED,
    SERVER_IN_PROGRESS,
    SERVER_COMPLETED,
    SERVER_FAILED,
    SERVER_CANCELLED,
    SERVER_STATUSES
} server_status;

/* "queued", "in_progress", ... */
const char *server_status_name(server_status status);

/* Texts are the job's, and freed by server_job_end. */
typedef struct server_job {
    char id[SERVER_ID_SIZE];
    server_status status;
    char *client, *model;
    char *prompt;                    /* NULL: none */
    char *parameters;                /* JSON */
    char *error;                     /* of one that failed */
    int64_t created, started, ended; /* seconds since 1970; 0: not yet */
    int64_t bytes;                   /* of the video */
    double expected;                 /* seconds that it was estimated to take; 0: not known */
    int attempts;                    /* begins since its last step that no ordered end followed */
} server_job;

void server_job_end(server_job *job);

typedef struct server_store server_store;

i2v_status server_store_open(server_store **store, const char *path, i2v_error *error);
void server_store_close(server_store *store);

typedef enum server_stored {
    SERVER_STORED,
    SERVER_NOT_THERE, /* no such job, or none in such a state */
    SERVER_NO_PLACE,  /* as many jobs wait as may */
    SERVER_DISK_FULL,
    SERVER_STORE_BROKEN /* what SQLite says is in error */
} server_stored;

/* A new job that waits; at most `most` may. Of job, id, client, model, prompt, parameters, created and expected are
 * used. */
server_stored server_store_add(server_store *store, const server_job *job, int most, i2v_error *error);

/* A client's job, or with NULL anybody's. job is to be ended in any case. */
server_stored server_store_find(server_store *store, const char *client, const char *id, server_job *job,
                                i2v_error *error);

/* Some of a client's jobs, or with NULL of all, in the order in which they came or the other way round, those after the
 * job of that name, which may be NULL, or have been removed. *count says how many were found, at most limit. Not there:
 * there never was such a job. */
server_stored server_store_list(server_store *store, const char *client, const char *after, int ascending, int limit,
                                server_job *jobs, int *count, i2v_error *error);

/* Jobs of the model are worked on; without this call none are. */
server_stored server_store_offer(server_store *store, const char *model, i2v_error *error);
/* Tells of each model that is not offered and has jobs that are to be worked on: they wait until it is. */
server_stored server_store_missing(server_store *store, void (*tell)(const char *model, int64_t count, void *user),
                                   void *user, i2v_error *error);

/* The job to be worked on: of models that are offered one that has begun, else of those that wait the first whose turn
 * it is. */
server_stored server_store_next(server_store *store, server_job *job, i2v_error *error);

/* Work on it begins, for the first time or again. Not there: it was cancelled or removed meanwhile. */
server_stored server_store_begin(server_store *store, const char *id, int64_t now, i2v_error *error);
/* The server ends by its own will, so that this begin does not count: attempts are what they were before it, as given.
 */
server_stored server_store_leave(server_store *store, const char *id, int attempts, i2v_error *error);
/* It has made a step: attempts count anew. */
server_stored server_store_advance(server_store *store, const char *id, i2v_error *error);
/* Its end, good or bad. Not there: likewise. */
server_stored server_store_end(server_store *store, const char *id, server_status status, const char *sentence,
                               int64_t bytes, int64_t now, i2v_error *error);

/* Not there: it has ended already, or is not the client's (NULL: anybody). */
server_stored server_store_cancel(server_store *store, const char *client, const char *id, int64_t now,
                                  i2v_error *error);
server_stored server_store_remove(server_store *store, const char *client, const char *id, i2v_error *error);

/* How many there are of each state. */
void server_store_count(server_store *store, int64_t counts[SERVER_STATUSES]);

#endif
