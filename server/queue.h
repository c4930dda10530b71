/* What the worker's thread and those of requests tell each other: that there is work, how far the running job is, and
 * that it is to end. Jobs themselves are in the store. */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "store.h"

#include <pthread.h>

/* How far the running job is. */
typedef struct server_progress {
    char id[SERVER_ID_SIZE]; /* "": none runs */
    int attempts;            /* the job's before this one */
    double fraction;         /* of the whole */
    double seconds_left;     /* below 0: not known yet */
} server_progress;

/* Since the server began. */
typedef struct server_totals {
    uint64_t ended[SERVER_STATUSES]; /* jobs by how they ended */
    uint64_t steps;                  /* of denoising */
    double step_seconds;             /* all of them */
    uint64_t memory;                 /* bytes that the engine held when it was last heard of */
} server_totals;

typedef struct server_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ends;         /* the server does */
    int has_work;     /* there may be jobs that the worker has not seen */
    int is_cancelled; /* the running job */
    server_progress progress;
    server_totals totals;
} server_queue;

void server_queue_begin(server_queue *queue);
void server_queue_end(server_queue *queue);

/* There is a new job. */
void server_queue_wake(server_queue *queue);
/* The worker ends, and leaves its job as it is. */
void server_queue_stop(server_queue *queue);
/* The job was cancelled or removed. 1: it is the one that runs, which ends soon, and the worker removes its files. */
int server_queue_cancel(server_queue *queue, const char *id);

/* A job has ended so. */
void server_queue_count(server_queue *queue, server_status status);

void server_queue_look(server_queue *queue, server_progress *progress, server_totals *totals);

/* Seconds until another job begins, which makes a place in the queue: from 1 to a day. expected: what the running job
 * was estimated to take from now on, for as long as it does not know itself; 0 or less: not known either. */
int server_queue_patience(const server_progress *progress, double expected);

/* ---- for the worker --------------------------------------------------------------------------------------------- */

/* Waits for work; at most so many seconds, or with 0 for ever. 1: there may be some. 0: the time is over, or the server
 * ends. */
int server_queue_wait(server_queue *queue, double seconds);

/* The job runs from now on; NULL: none does. */
void server_queue_run(server_queue *queue, const server_job *job);

/* The engine holds no more than a few bytes. */
void server_queue_forget_memory(server_queue *queue);

/* 1 where the running job is to end. */
int server_queue_is_over(server_queue *queue);

#endif
