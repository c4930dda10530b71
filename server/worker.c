/* The thread that works on jobs, one after the other. */
#include "worker.h"
#include "work.h"

#include <string.h>
#include <time.h>

enum {
    MOST_ATTEMPTS = 8, /* a job that ends the server each time must not do so for ever */
    STACK = 4 << 20
};

/* What cannot be written, as on a full disk, is tried again: until then the job is where it was. */
static server_stored try_end(server_state *state, const server_job *job, server_status status, const char *sentence,
                             int64_t bytes) {
    int has_said = 0;
    for (;;) {
        i2v_error error = {0};
        server_stored result =
            server_store_end(state->store, job->id, status, sentence, bytes, (int64_t)time(NULL), &error);
        if (result != SERVER_DISK_FULL && result != SERVER_STORE_BROKEN) return result;
        if (!has_said)
            server_say(&state->voice, "warning: how %s ended cannot be kept yet: %s", job->id, error.message);
        has_said = 1;
        /* which makes room; what is made stays, and its state, until the store says so */
        if (status != SERVER_COMPLETED) server_folder_remove(&state->folder, SERVER_STATE, job->id);
        if (server_queue_is_over(&state->queue)) return result;
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
}

static void finish(server_state *state, const server_job *job, server_status status, const char *sentence,
                   int64_t bytes) {
    if (status != SERVER_COMPLETED) server_folder_remove(&state->folder, SERVER_VIDEO, job->id);
    server_stored result = try_end(state, job, status, sentence, bytes);
    if (result == SERVER_NOT_THERE) { /* cancelled or removed meanwhile */
        server_folder_forget(&state->folder, job->id);
        return;
    }
    if (result != SERVER_STORED) return;
    server_folder_remove(&state->folder, SERVER_STATE, job->id);
    server_folder_remove(&state->folder, SERVER_PICTURE, job->id);
    server_queue_count(&state->queue, status);
    server_say(&state->voice, "%s: %s%s%s", job->id, server_status_name(status), sentence ? ": " : "",
               sentence ? sentence : "");
}

static int server_ends(server_state *state) {
    pthread_mutex_lock(&state->queue.lock);
    int ends = state->queue.ends;
    pthread_mutex_unlock(&state->queue.lock);
    return ends;
}

/* Not for the job's sake, but the server's. */
static int is_left(server_state *state) {
    pthread_mutex_lock(&state->queue.lock);
    int left = state->queue.ends && !state->queue.is_cancelled;
    pthread_mutex_unlock(&state->queue.lock);
    return left;
}

void server_worker_leave(server_state *state) {
    server_progress progress;
    server_queue_look(&state->queue, &progress, NULL);
    if (*progress.id) server_store_leave(state->store, progress.id, progress.attempts, NULL);
}

static void run(server_state *state, const server_job *job) {
    i2v_error error = {0};
    int64_t bytes = 0;
    if (job->attempts >= MOST_ATTEMPTS) {
        finish(state, job, SERVER_FAILED, "the server ended each time it began this job, and tries it no more", 0);
        return;
    }
    server_say(&state->voice, "%s: in_progress%s", job->id, job->started ? ", again" : "");
    i2v_status status = server_work(state, job, &bytes, &error);
    if (status == I2V_CANCELLED && is_left(state)) { /* the next server goes on with it */
        server_worker_leave(state);
        return;
    }
    server_folder_hide(&state->folder, error.message);
    finish(state, job, status == I2V_OK ? SERVER_COMPLETED : SERVER_FAILED, status == I2V_OK ? NULL : error.message,
           bytes);
}

/* The job's name is known to those who cancel before it begins: whoever comes before that finds it not begun. */
static void begin(server_state *state, const server_job *job) {
    i2v_error error = {0};
    server_queue_run(&state->queue, job);
    server_stored result = server_store_begin(state->store, job->id, (int64_t)time(NULL), &error);
    if (result == SERVER_STORED) run(state, job);
    if (result == SERVER_NOT_THERE) server_folder_forget(&state->folder, job->id);
    if (result == SERVER_DISK_FULL || result == SERVER_STORE_BROKEN) {
        server_say(&state->voice, "warning: %s waits: %s", job->id, error.message);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    server_queue_run(&state->queue, NULL);
}

/* 0 where there is none. */
static int work_on_next(server_state *state) {
    server_job job;
    i2v_error error = {0};
    server_stored result = server_store_next(state->store, &job, &error);
    if (result == SERVER_STORED) begin(state, &job);
    if (result == SERVER_STORE_BROKEN) {
        server_say(&state->voice, "warning: %s", error.message);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    server_job_end(&job);
    return result != SERVER_NOT_THERE;
}

static void *work(void *user) {
    server_state *state = user;
    int is_loaded = 0;
    while (!server_ends(state)) {
        double patience = is_loaded ? state->settings->unload_after : 0;
        if (server_queue_wait(&state->queue, patience)) {
            while (!server_ends(state) && work_on_next(state)) is_loaded = 1;
        } else if (is_loaded) {
            server_models_unload(&state->models, NULL);
            server_queue_forget_memory(&state->queue);
            if (!server_ends(state)) server_tell(&state->voice, "no work: the weights are let go of");
            is_loaded = 0;
        }
    }
    return NULL;
}

i2v_status server_worker_begin(pthread_t *thread, server_state *state, i2v_error *error) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int code = pthread_create(thread, &attributes, work, state);
    pthread_attr_destroy(&attributes);
    if (code == 0) return I2V_OK;
    return server_fail(error, I2V_ERROR_MEMORY, "the system gives no thread to work on jobs: %s", strerror(code));
}
