/* img2vid serve: begins what a server is made of, waits, and ends it again. */
#include "http.h"
#include "listen.h"
#include "server.h"
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int server_is_built(void) {
    return 1;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Files of jobs that there are no more: of a server that was killed between a file and its row. */
static int needs(const char *id, server_file kind, void *user) {
    server_state *state = user;
    server_job job;
    server_stored result = server_store_find(state->store, NULL, id, &job, NULL);
    server_status status = job.status;
    server_job_end(&job);
    if (result != SERVER_STORED) return result != SERVER_NOT_THERE;
    int waits = status == SERVER_QUEUED || status == SERVER_IN_PROGRESS;
    return kind == SERVER_VIDEO ? status == SERVER_COMPLETED : waits;
}

static i2v_status open_store(server_state *state, i2v_error *error) {
    char *path = server_folder_store(&state->folder);
    if (!path) return server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the database's name");
    i2v_status status = server_store_open(&state->store, path, error);
    free(path);
    if (status == I2V_OK) server_folder_clean(&state->folder, needs, state);
    return status;
}

/* Whoever reaches this machine could use the server otherwise. */
static i2v_status take_keys(server_state *state, const server_address *address, i2v_error *error) {
    const server_settings *settings = state->settings;
    if (settings->api_key_file) return server_keys_read(&state->keys, settings->api_key_file, error);
    if (address->is_loopback) return I2V_OK;
    i2v_status status = server_keys_draw(&state->keys, error);
    if (status != I2V_OK) return status;
    char line[SERVER_KEY_SIZE + 100];
    snprintf(line, sizeof line, "the API key of this run, since it listens to other machines: %s",
             state->keys.items[0].key);
    settings->show(line, settings->user);
    explicit_bzero(line, sizeof line);
    return I2V_OK;
}

static void tell_missing(const char *model, int64_t count, void *user) {
    server_state *state = user;
    server_say(&state->voice, "warning: %lld jobs wait for the model %s, which this server does not offer",
               (long long)count, model);
}

/* Their clients get their videos when the server offers the model again. A full disk keeps no server from starting. */
static i2v_status offer_models(server_state *state, i2v_error *error) {
    for (size_t i = 0; i < state->models.count; i++) {
        server_stored result = server_store_offer(state->store, state->models.items[i].model->name, error);
        if (result != SERVER_STORED) return error->status;
    }
    server_stored result = server_store_missing(state->store, tell_missing, state, error);
    if (result == SERVER_STORE_BROKEN) return error->status;
    *error = (i2v_error){0};
    return I2V_OK;
}

static i2v_status begin(server_state *state, const server_address *address, i2v_error *error) {
    const server_settings *settings = state->settings;
    i2v_status status = take_keys(state, address, error);
    if (status == I2V_OK) status = server_folder_begin(&state->folder, settings->data, error);
    if (status == I2V_OK) status = open_store(state, error);
    if (status == I2V_OK) status = server_models_begin(&state->models, settings, &state->voice, error);
    return status == I2V_OK ? offer_models(state, error) : status;
}

/* ---- serving ---------------------------------------------------------------------------------------------------- */

/* Signals come to the thread that waits for them. */
static void block_signals(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

static void wait(const server_settings *settings) {
    while (!settings->stopped(settings->user)) nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
}

static i2v_status serve(server_state *state, const server_address *address, i2v_error *error) {
    const server_settings *settings = state->settings;
    pthread_t worker;
    char place[80];
    sigset_t before;
    int socket;
    i2v_status status = server_listen(address, &socket, place, sizeof place, error);
    if (status != I2V_OK) return status;
    block_signals(&before);
    struct MHD_Daemon *daemon = server_http_begin(state, socket, error);
    status = daemon ? server_worker_begin(&worker, state, error) : error->status;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == I2V_OK) {
        server_say(&state->voice, "listening on http://%s/v1", place);
        wait(settings);
        server_say(&state->voice, "ending; what is not done goes on at the next start");
        server_queue_stop(&state->queue);
        server_worker_leave(state); /* at once: whoever waits for the end may lose patience, and kill */
        pthread_join(worker, NULL);
    }
    server_http_end(daemon);
    return status;
}

i2v_status server_run(const server_settings *settings, i2v_error *error) {
    server_state state = {.settings = settings, .folder.lock = -1};
    server_address address;
    i2v_status status = server_address_read(&address, settings->listen, error);
    if (status != I2V_OK) return status;
    server_voice_begin(&state.voice, settings);
    server_queue_begin(&state.queue);
    status = begin(&state, &address, error);
    if (status == I2V_OK) status = serve(&state, &address, error);
    server_models_end(&state.models);
    server_store_close(state.store);
    server_folder_end(&state.folder);
    server_keys_end(&state.keys);
    server_queue_end(&state.queue);
    server_voice_end(&state.voice);
    return status;
}
