/* One job, from its picture to its video. */
#include "work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

typedef struct working {
    server_state *state;
    const server_job *job;
    server_opened *model;
    server_values values;
    char *picture, *checkpoint, *video;
    char image_sha256[I2V_SHA256_SIZE];
    i2v_error *error;
    double step_began; /* seconds of the phase */
    int has_advanced, has_warned;
} working;

static i2v_status fail_memory(i2v_error *error) {
    return server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the job");
}

static i2v_status engine_failure(working *at, i2v_status status) {
    if (status != I2V_OK && status != I2V_CANCELLED) i2v_get_error(at->model->worker, at->error);
    return status;
}

/* ---- while it works --------------------------------------------------------------------------------------------- */

static int is_over(void *user) {
    working *at = user;
    return server_queue_is_over(&at->state->queue);
}

/* After the first step there is a state, so that whatever ended this server would not end it at the same place again.
 */
static void advance(working *at) {
    if (!at->has_advanced && at->job->attempts > 0) server_store_advance(at->state->store, at->job->id, NULL);
    at->has_advanced = 1;
}

static void count_step(working *at, const i2v_event *event) {
    server_queue *queue = &at->state->queue;
    pthread_mutex_lock(&queue->lock);
    queue->totals.steps++;
    queue->totals.step_seconds += event->seconds - at->step_began;
    pthread_mutex_unlock(&queue->lock);
    at->step_began = event->seconds;
}

static int on_event(const i2v_event *event, void *user) {
    working *at = user;
    server_queue *queue = &at->state->queue;
    pthread_mutex_lock(&queue->lock);
    queue->progress.fraction = event->fraction;
    queue->progress.seconds_left = event->seconds_left;
    queue->totals.memory = event->memory;
    pthread_mutex_unlock(&queue->lock);
    if (event->phase == I2V_PHASE_DENOISE && event->seconds < at->step_began) at->step_began = 0; /* another clip's */
    if (event->latents) {
        count_step(at, event);
        advance(at);
    }
    if (event->checkpoint_error && !at->has_warned) {
        at->has_warned = 1;
        server_say(&at->state->voice, "warning: %s goes on without a newer checkpoint: %s", at->job->id,
                   event->checkpoint_error);
    }
    return is_over(at);
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

static i2v_status load(working *at, i2v_image **image) {
    i2v_image_options options = server_values_image(&at->values, i2v_memory_left(at->model->worker));
    i2v_status status = i2v_image_load_with(image, at->picture, &options, at->error);
    if (status != I2V_ERROR_MEMORY) return status;
    i2v_unload(at->model->worker); /* what stays loaded makes room */
    options.max_memory = i2v_memory_left(at->model->worker);
    return i2v_image_load_with(image, at->picture, &options, at->error);
}

/* ---- the video -------------------------------------------------------------------------------------------------- */

/* The keys that the program's own videos have, so that --from makes one again. */
static char *metadata(working *at) {
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "program", "img2vid", "version", i2v_version(),
                               "command", "generate", "model_sha256", at->model->sha256, "image_sha256",
                               at->image_sha256, "model", at->model->model->name, "backend", at->model->info.backend);
    json_t *parameters = server_values_json(&at->values);
    char *text = NULL;
    if (object && parameters && json_object_update_missing(object, parameters) == 0)
        text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17));
    json_decref(object);
    json_decref(parameters);
    return text;
}

static i2v_status save(working *at, const i2v_video *video) {
    i2v_output output = at->values.output;
    if (!at->model->sha256[0]) {
        i2v_status status = engine_failure(at, i2v_model_hash(at->model->worker, at->model->sha256));
        if (status != I2V_OK) return status;
    }
    char *text = metadata(at);
    if (!text) return fail_memory(at->error);
    output.metadata = strlen(text) <= I2V_METADATA_MAX ? text : NULL;
    output.cancelled = is_over;
    output.user = at;
    i2v_status status = i2v_video_save(video, at->video, &output, at->error);
    free(text);
    return status;
}

/* What a power failure must not undo, once the job is said to be done. */
static i2v_status flush(working *at, int64_t *bytes) {
    struct stat info;
    FILE *file = fopen(at->video, "rbe");
    int good = file && fstat(fileno(file), &info) == 0 && fsync(fileno(file)) == 0, cause = errno;
    if (file) fclose(file);
    if (!good)
        return server_fail(at->error, I2V_ERROR_IO, "the video cannot be brought to the disk: %s", strerror(cause));
    server_folder_flush(&at->state->folder, SERVER_VIDEO);
    *bytes = info.st_size;
    return I2V_OK;
}

static i2v_status save_and_flush(working *at, const i2v_video *video, int64_t *bytes) {
    i2v_status status = save(at, video);
    if (status == I2V_OK) status = flush(at, bytes);
    if (status != I2V_OK) unlink(at->video);
    return status;
}

static double free_bytes(const working *at) {
    struct statvfs info;
    return statvfs(at->picture, &info) == 0 ? (double)info.f_bavail * (double)info.f_frsize : 0;
}

/* Until there is more room than there was; at times without a sign of it, since quotas show none. 0: the job is to end.
 */
static int wait_for_room(working *at) {
    enum { A_SECOND = 4, SILENT = 30 * A_SECOND };
    double before = free_bytes(at);
    for (int i = 0; i < SILENT && (i % A_SECOND != 0 || free_bytes(at) <= before); i++) {
        if (is_over(at)) return 0;
        nanosleep(&(struct timespec){.tv_nsec = 1000000000 / A_SECOND}, NULL);
    }
    return !is_over(at);
}

/* What took hours is not thrown away for lack of room: the job waits with its picture and its state, so that another
 * server goes on with it, too. */
static i2v_status save_at_last(working *at, const i2v_video *video, int64_t *bytes) {
    i2v_status status = save_and_flush(at, video, bytes);
    if (!server_is_disk_full(status, at->error)) return status;
    advance(at);
    server_say(&at->state->voice, "warning: the video of %s is made and waits for room on the disk: %s", at->job->id,
               at->error->message);
    while (server_is_disk_full(status, at->error)) {
        if (!wait_for_room(at)) return I2V_CANCELLED;
        status = save_and_flush(at, video, bytes);
    }
    return status;
}

/* A state of other weights, of another version or damaged is of no use: the job begins anew. */
static i2v_status generate(working *at, const i2v_image *image, i2v_video **video) {
    i2v_params *params = &at->values.params;
    params->on_event = on_event;
    params->user = at;
    params->checkpoint = at->checkpoint;
    params->resume_from = access(at->checkpoint, F_OK) == 0 ? at->checkpoint : NULL;
    i2v_status status = engine_failure(at, i2v_generate(at->model->worker, image, params, video));
    if (!params->resume_from || (status != I2V_ERROR_PARAMETER && status != I2V_ERROR_FORMAT)) return status;
    server_say(&at->state->voice, "warning: %s begins anew: %s", at->job->id, at->error->message);
    unlink(at->checkpoint);
    params->resume_from = NULL;
    return engine_failure(at, i2v_generate(at->model->worker, image, params, video));
}

static i2v_status make(working *at, int64_t *bytes) {
    i2v_image *image = NULL;
    i2v_video *video = NULL;
    i2v_status status = load(at, &image);
    if (status == I2V_OK) {
        strcpy(at->image_sha256, image->sha256);
        status = generate(at, image, &video);
    }
    if (status == I2V_OK) status = save_at_last(at, video, bytes);
    i2v_video_free(video);
    i2v_image_free(image);
    return status;
}

/* ---- the job ---------------------------------------------------------------------------------------------------- */

static i2v_status read_parameters(working *at) {
    server_problem problem = {0};
    json_t *object = json_loads(at->job->parameters, 0, NULL);
    int good = server_values_read(&at->values, object, &problem);
    json_decref(object);
    if (good) return I2V_OK;
    return server_fail(at->error, I2V_ERROR_PARAMETER, "%s", problem.message);
}

i2v_status server_work(server_state *state, const server_job *job, int64_t *bytes, i2v_error *error) {
    working at = {.state = state, .job = job, .error = error};
    at.model = server_models_find(&state->models, job->model);
    if (!at.model)
        return server_fail(error, I2V_ERROR_MODEL, "the server was started anew without the model %s", job->model);
    server_models_unload(&state->models, at.model);
    server_values_begin(&at.values);
    at.picture = server_folder_file(&state->folder, SERVER_PICTURE, job->id);
    at.checkpoint = server_folder_file(&state->folder, SERVER_STATE, job->id);
    at.video = server_folder_file(&state->folder, SERVER_VIDEO, job->id);
    i2v_status status = at.picture && at.checkpoint && at.video ? read_parameters(&at) : fail_memory(error);
    if (status == I2V_OK) status = make(&at, bytes);
    free(at.picture);
    free(at.checkpoint);
    free(at.video);
    server_values_end(&at.values);
    return status;
}
