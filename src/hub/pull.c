/* i2v_hub_pull: list, choose, download, link. */
#include "base/clock.h"
#include "base/file.h"
#include "base/parameters.h"
#include "hub/cache.h"
#include "hub/download.h"
#include "hub/environment.h"
#include "hub/fetch.h"
#include "hub/find.h"
#include "hub/hub.h"
#include "hub/refusal.h"
#include "hub/select.h"
#include "json/bounds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define EVENT_SECONDS 0.1

typedef struct pull_state {
    const i2v_hub_options *options;
    i2v_hub_tuning tuning;
    i2v_hub_name name;
    i2v_hub_environment environment;
    i2v_cache cache;
    i2v_http *http;
    i2v_hub_listing listing;
    i2v_hub_event event;
    uint64_t before; /* bytes of the files before the one that is arriving */
    double began, told;
    int cancelled;
    char note[200];
    i2v_error *error;
} pull_state;

void i2v_hub_options_default(i2v_hub_options *options) {
    if (!options) return;
    *options = (i2v_hub_options){0};
    i2v_parameters_default(I2V_STRUCT_HUB_OPTIONS, options);
}

void i2v_hub_tuning_default(i2v_hub_tuning *tuning) {
    i2v_http_settings_default(&tuning->http);
    tuning->part_size = (uint64_t)64 << 20;
}

/* ---- what the caller is told ------------------------------------------------------------------------------------ */

static void tell(pull_state *pull) {
    if (pull->cancelled || !pull->options->on_event) return;
    pull->told = i2v_now();
    pull->event.seconds = pull->told - pull->began;
    if (pull->options->on_event(&pull->event, pull->options->user)) pull->cancelled = 1;
}

static void set_phase(pull_state *pull, i2v_hub_phase phase) {
    if (pull->event.phase == phase) return;
    pull->event.phase = phase;
    if (phase != I2V_HUB_WAIT) pull->note[0] = 0;
    tell(pull);
}

static int poll_cancelled(void *user) {
    pull_state *pull = user;
    if (i2v_now() - pull->told > EVENT_SECONDS) tell(pull);
    return pull->cancelled;
}

static void tell_wait(void *user, const char *sentence) {
    pull_state *pull = user;
    snprintf(pull->note, sizeof pull->note, "%s", sentence);
    pull->event.phase = I2V_HUB_WAIT;
    tell(pull);
}

static void tell_progress(void *user, uint64_t done, uint64_t received) {
    pull_state *pull = user;
    pull->event.done = pull->before + done;
    pull->event.received += received;
    set_phase(pull, I2V_HUB_DOWNLOAD);
}

static int tell_checking(void *user) {
    set_phase(user, I2V_HUB_CHECK);
    return poll_cancelled(user);
}

/* ---- what there is ---------------------------------------------------------------------------------------------- */

static i2v_status fail_cancelled(pull_state *pull) {
    return i2v_fail(pull->error, I2V_CANCELLED, "cancelled");
}

/* status, with the hub's own sense of the answer where it has one. */
static i2v_status explain(pull_state *pull, i2v_status status, const i2v_http_reply *reply, const char *file) {
    i2v_hub_question question = {&pull->environment, pull->name.repository, pull->name.revision, file};
    if (status != I2V_ERROR_NETWORK) return status;
    i2v_status refusal = i2v_hub_refusal(reply, &question, pull->error);
    return refusal == I2V_OK ? status : refusal;
}

static i2v_status list_files(pull_state *pull) {
    char *revision = i2v_url_escape(pull->name.revision, 0), *url = NULL;
    if (!revision || asprintf(&url, "%s/api/models/%s/revision/%s?blobs=true", pull->environment.endpoint,
                              pull->name.repository, revision) < 0)
        url = NULL;
    free(revision);
    if (!url) return i2v_fail_memory(pull->error, "an address", 0);
    i2v_fetched fetched;
    i2v_http_request request = {.url = url, .token = pull->environment.token, .max_redirects = 10};
    char what[300];
    snprintf(what, sizeof what, "the list of files of %s", pull->name.repository);
    i2v_status status = i2v_fetch(&fetched, pull->http, &request, I2V_JSON_MAX_BYTES, what, pull->error);
    status = explain(pull, status, &fetched.reply, NULL);
    if (status == I2V_OK) {
        char shown[I2V_URL_SHOWN_SIZE];
        i2v_url_show(shown, url);
        status = i2v_listing_parse(&pull->listing, fetched.data, fetched.size, shown, pull->error);
    }
    free(fetched.data);
    free(url);
    return status;
}

static char *file_url(const pull_state *pull, const char *name) {
    char *escaped = i2v_url_escape(name, 1), *url = NULL;
    if (!escaped || asprintf(&url, "%s/%s/resolve/%s/%s", pull->environment.endpoint, pull->name.repository,
                             pull->cache.commit, escaped) < 0)
        url = NULL;
    free(escaped);
    return url;
}

/* Asks for what a mirror's list lacks: the size of a file and the name of its blob. */
static i2v_status complete_file(pull_state *pull, i2v_hub_file *file) {
    if (file->size >= 0 && file->etag[0]) return I2V_OK;
    char *url = file_url(pull, file->name);
    if (!url) return i2v_fail_memory(pull->error, "an address", 0);
    i2v_http_request request = {
        .url = url, .token = pull->environment.token, .head = 1, .max_redirects = 10, .stop_at_linked = 1};
    i2v_fetched fetched;
    i2v_status status = i2v_fetch(&fetched, pull->http, &request, 0, file->name, pull->error);
    const i2v_http_reply *reply = &fetched.reply;
    status = explain(pull, status, reply, file->name);
    if (status == I2V_OK) {
        file->size = reply->linked_size >= 0 ? reply->linked_size : reply->linked ? -1 : reply->length;
        if (i2v_is_etag(reply->etag)) snprintf(file->etag, sizeof file->etag, "%.*s", I2V_ETAG_SIZE - 1, reply->etag);
        if (file->size < 0 || !file->etag[0])
            status = i2v_fail(pull->error, I2V_ERROR_NETWORK,
                              "%s does not say the size and the ETag of %s; it is no hub of models: check HF_ENDPOINT",
                              pull->environment.endpoint, file->name);
    }
    free(fetched.data);
    free(url);
    return status;
}

/* ---- before the download ---------------------------------------------------------------------------------------- */

static int is_cached(const pull_state *pull, const i2v_hub_file *file) {
    return i2v_cache_has_file(&pull->cache, file->name, file->size);
}

/* Bytes on disk of what has arrived of a file. */
static uint64_t incomplete_bytes(const pull_state *pull, const i2v_hub_file *file) {
    struct stat info;
    char *path = i2v_cache_blob_path(&pull->cache, file->etag, ".img2vid.incomplete");
    uint64_t bytes = path && stat(path, &info) == 0 ? (uint64_t)info.st_blocks * 512 : 0;
    free(path);
    return bytes;
}

/* Completes what is known of the wanted files, adds their sizes up, and asks the disk. */
static i2v_status prepare_files(pull_state *pull) {
    uint64_t needed = 0;
    pull->event.files = 0;
    pull->event.total = 0;
    for (size_t i = 0; i < pull->listing.count; i++) {
        i2v_hub_file *file = &pull->listing.files[i];
        if (!file->wanted) continue;
        i2v_status status = complete_file(pull, file);
        if (status == I2V_OK) status = i2v_cache_make_folders(&pull->cache, file->name, pull->error);
        if (status != I2V_OK) return status;
        pull->event.files++;
        pull->event.total += (uint64_t)file->size;
        uint64_t there = incomplete_bytes(pull, file);
        if (!is_cached(pull, file) && (uint64_t)file->size > there) needed += (uint64_t)file->size - there;
    }
    uint64_t available = i2v_cache_free_bytes(&pull->cache);
    if (needed <= available) return I2V_OK;
    return i2v_fail(pull->error, I2V_ERROR_IO,
                    "%s needs %" PRIu64 " MiB more, but %s has %" PRIu64
                    " MiB free; make room, or set HF_HOME to a folder on another disk",
                    pull->name.repository, (needed >> 20) + 1, pull->cache.folder, available >> 20);
}

/* ---- one file --------------------------------------------------------------------------------------------------- */

/* Waits until this process is the only one that downloads the blob. */
static i2v_status lock(pull_state *pull, const i2v_hub_file *file, int *descriptor) {
    for (;;) {
        i2v_status status = i2v_cache_try_lock(&pull->cache, file->etag, descriptor, pull->error);
        if (status != I2V_OK || *descriptor >= 0) return status;
        if (pull->event.phase != I2V_HUB_WAIT)
            tell_wait(pull, "another program is downloading this file; waiting for it");
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        if (poll_cancelled(pull)) return fail_cancelled(pull);
    }
}

static i2v_status download(pull_state *pull, const i2v_hub_file *file, const char *blob) {
    char *url = file_url(pull, file->name),
         *incomplete = i2v_cache_blob_path(&pull->cache, file->etag, ".img2vid.incomplete");
    i2v_status status = url && incomplete ? I2V_OK : i2v_fail_memory(pull->error, "an address", 0);
    i2v_http_reply reply;
    i2v_download ask = {.url = url,
                        .token = pull->environment.token,
                        .file = file,
                        .incomplete = incomplete,
                        .path = blob,
                        .connections = pull->options->connections,
                        .part_size = pull->tuning.part_size,
                        .progress = tell_progress,
                        .checking = tell_checking,
                        .user = pull};
    if (status == I2V_OK) {
        status = i2v_download_run(&ask, pull->http, &reply, pull->error);
        status = explain(pull, status, &reply, file->name);
    }
    free(url);
    free(incomplete);
    return status;
}

static int has_size(const char *path, int64_t size) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == size;
}

static i2v_status get_file(pull_state *pull, const i2v_hub_file *file) {
    if (is_cached(pull, file)) return I2V_OK;
    int descriptor = -1;
    char *blob = i2v_cache_blob_path(&pull->cache, file->etag, "");
    i2v_status status = blob ? lock(pull, file, &descriptor) : i2v_fail_memory(pull->error, file->name, 0);
    if (status == I2V_OK && !is_cached(pull, file)) {
        if (!has_size(blob, file->size)) status = download(pull, file, blob);
        if (status == I2V_OK) status = i2v_cache_link(&pull->cache, file->name, file->etag, pull->error);
    }
    i2v_cache_unlock(descriptor);
    free(blob);
    return status;
}

/* All wanted files; those that are there count as done. */
static i2v_status get_files(pull_state *pull) {
    i2v_status status = prepare_files(pull);
    pull->before = 0;
    pull->event.files_done = 0;
    for (size_t i = 0; status == I2V_OK && i < pull->listing.count; i++) {
        const i2v_hub_file *file = &pull->listing.files[i];
        if (!file->wanted) continue;
        pull->event.file = file->name;
        if (poll_cancelled(pull)) return fail_cancelled(pull);
        status = get_file(pull, file);
        if (status != I2V_OK) break;
        pull->before += (uint64_t)file->size;
        pull->event.done = pull->before;
        pull->event.files_done++;
    }
    return status;
}

static int wants_index(const i2v_hub_listing *listing) {
    for (size_t i = 0; i < listing->count; i++)
        if (listing->files[i].wanted && listing->files[i].is_index) return 1;
    return 0;
}

/* ---- the whole of it -------------------------------------------------------------------------------------------- */

/* That not all parts have the variant. */
static void tell_mixture(pull_state *pull) {
    char note[sizeof pull->note];
    if (!pull->listing.without_variant) return;
    snprintf(note, sizeof note, "not every part has the variant %.64s (%s has not); the others come without it",
             pull->options->variant, pull->listing.without_variant);
    tell_wait(pull, note);
}

static i2v_status pull_model(pull_state *pull, i2v_hub_model **model) {
    const char *opened, *file = pull->name.file[0] ? pull->name.file : NULL;
    i2v_status status = i2v_cache_open(&pull->cache, pull->environment.cache, pull->name.repository, pull->error);
    if (status == I2V_OK) status = list_files(pull);
    if (status == I2V_OK) status = i2v_cache_set_commit(&pull->cache, pull->listing.commit, pull->error);
    if (status == I2V_OK)
        status = i2v_select(&pull->listing, pull->options->variant, file, pull->name.repository, &opened, pull->error);
    if (status == I2V_OK) tell_mixture(pull);
    if (status == I2V_OK) status = get_files(pull);
    if (status == I2V_OK && wants_index(&pull->listing)) {
        status = i2v_hub_select_all_shards(&pull->listing, &pull->cache, pull->error);
        if (status == I2V_OK) status = get_files(pull);
    }
    /* last, so that the state that was there before is found until the new one is whole */
    if (status == I2V_OK) status = i2v_cache_write_ref(&pull->cache, pull->name.revision, pull->error);
    if (status == I2V_OK) status = i2v_hub_model_make(model, &pull->cache, &pull->listing, opened, pull->error);
    if (status == I2V_OK) (*model)->received = pull->event.received;
    return status;
}

static i2v_status open_http(pull_state *pull) {
    i2v_http_settings settings = pull->tuning.http;
    settings.cancelled = poll_cancelled;
    settings.on_wait = tell_wait;
    settings.user = pull;
    return i2v_http_open(&pull->http, &settings, pull->error);
}

i2v_status i2v_hub_pull_tuned(i2v_hub_model **model, const char *id, const i2v_hub_options *options,
                              const i2v_hub_tuning *tuning, i2v_error *error) {
    i2v_status status = i2v_require(error, "model", model, "id", id, NULL);
    if (model) *model = NULL;
    if (status != I2V_OK) return status;
    i2v_hub_options defaults;
    i2v_hub_options_default(&defaults);
    pull_state pull = {.options = options ? options : &defaults, .tuning = *tuning, .error = error, .began = i2v_now()};
    pull.event.file = "";
    pull.event.note = pull.note;
    status = i2v_parameters_check(I2V_STRUCT_HUB_OPTIONS, I2V_FOR_PULL, pull.options, error);
    if (status != I2V_OK) return status;
    status = i2v_hub_name_read(&pull.name, id, options, error);
    if (status == I2V_OK) status = i2v_hub_environment_read(&pull.environment, options, error);
    if (status != I2V_OK) return status;
    if (pull.environment.offline) {
        status = i2v_hub_find(model, id, options, error);
    } else {
        status = open_http(&pull);
        if (status == I2V_OK) status = pull_model(&pull, model);
    }
    i2v_http_close(pull.http);
    i2v_listing_free(&pull.listing);
    i2v_cache_close(&pull.cache);
    i2v_hub_environment_free(&pull.environment);
    return status;
}

i2v_status i2v_hub_pull(i2v_hub_model **model, const char *id, const i2v_hub_options *options, i2v_error *error) {
    i2v_hub_tuning tuning;
    i2v_hub_tuning_default(&tuning);
    return i2v_hub_pull_tuned(model, id, options, &tuning, error);
}
