/* What the worker's thread and those of requests tell each other. */
#include "queue.h"

#include <math.h>
#include <string.h>
#include <time.h>

void server_queue_begin(server_queue *queue) {
    pthread_condattr_t attributes;
    memset(queue, 0, sizeof *queue);
    queue->has_work = 1; /* of an earlier server */
    queue->progress.seconds_left = -1;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_init(&attributes);
#if !defined(__APPLE__)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void server_queue_end(server_queue *queue) {
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
}

static void set(server_queue *queue, int *flag) {
    pthread_mutex_lock(&queue->lock);
    *flag = 1;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void server_queue_wake(server_queue *queue) {
    set(queue, &queue->has_work);
}

void server_queue_stop(server_queue *queue) {
    set(queue, &queue->ends);
}

int server_queue_cancel(server_queue *queue, const char *id) {
    pthread_mutex_lock(&queue->lock);
    int runs = strcmp(queue->progress.id, id) == 0;
    if (runs) queue->is_cancelled = 1;
    pthread_mutex_unlock(&queue->lock);
    return runs;
}

void server_queue_count(server_queue *queue, server_status status) {
    pthread_mutex_lock(&queue->lock);
    queue->totals.ended[status]++;
    pthread_mutex_unlock(&queue->lock);
}

void server_queue_look(server_queue *queue, server_progress *progress, server_totals *totals) {
    pthread_mutex_lock(&queue->lock);
    if (progress) *progress = queue->progress;
    if (totals) *totals = queue->totals;
    pthread_mutex_unlock(&queue->lock);
}

int server_queue_patience(const server_progress *progress, double expected) {
    enum { UNKNOWN = 60, DAY = 86400 };
    double seconds = progress->seconds_left >= 0 ? progress->seconds_left : expected > 0 ? expected : UNKNOWN;
    return seconds < 1 ? 1 : seconds < DAY ? (int)ceil(seconds) : DAY;
}

static struct timespec in(double seconds) {
    struct timespec when;
#if defined(__APPLE__)
    clock_gettime(CLOCK_REALTIME, &when);
#else
    clock_gettime(CLOCK_MONOTONIC, &when);
#endif
    double nanoseconds = (double)when.tv_nsec + (seconds - (double)(time_t)seconds) * 1e9;
    when.tv_sec += (time_t)seconds + (nanoseconds >= 1e9);
    when.tv_nsec = (long)(nanoseconds >= 1e9 ? nanoseconds - 1e9 : nanoseconds);
    return when;
}

int server_queue_wait(server_queue *queue, double seconds) {
    struct timespec end = in(seconds);
    int code = 0;
    pthread_mutex_lock(&queue->lock);
    while (!queue->ends && !queue->has_work && code == 0)
        code = seconds > 0 ? pthread_cond_timedwait(&queue->changed, &queue->lock, &end)
                           : pthread_cond_wait(&queue->changed, &queue->lock);
    int has_work = queue->has_work && !queue->ends;
    queue->has_work = 0;
    pthread_mutex_unlock(&queue->lock);
    return has_work;
}

void server_queue_run(server_queue *queue, const server_job *job) {
    pthread_mutex_lock(&queue->lock);
    memset(&queue->progress, 0, sizeof queue->progress);
    queue->progress.seconds_left = -1;
    if (job) {
        memcpy(queue->progress.id, job->id, SERVER_ID_SIZE);
        queue->progress.attempts = job->attempts;
    }
    queue->is_cancelled = 0;
    pthread_mutex_unlock(&queue->lock);
}

void server_queue_forget_memory(server_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->totals.memory = 0;
    pthread_mutex_unlock(&queue->lock);
}

int server_queue_is_over(server_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    int is_over = queue->ends || queue->is_cancelled;
    pthread_mutex_unlock(&queue->lock);
    return is_over;
}
