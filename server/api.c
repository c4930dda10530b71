/* The interface that clients speak. */
#include "api.h"
#include "content.h"
#include "metrics.h"
#include "order.h"
#include "video_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* param: what the request has that is wrong, or NULL. */
static void refuse_param(server_reply *reply, unsigned http, const char *code, const char *param, const char *message) {
    server_problem problem = {0};
    server_refuse(&problem, http, code, param, "%s", message);
    server_reply_problem(reply, &problem);
}

static void refuse(server_reply *reply, unsigned http, const char *code, const char *message) {
    refuse_param(reply, http, code, NULL, message);
}

static void refuse_stored(server_reply *reply, server_stored result, const i2v_error *error) {
    if (result == SERVER_NOT_THERE)
        refuse(reply, 404, "video_not_found", "there is no such video");
    else if (result == SERVER_DISK_FULL)
        refuse(reply, 507, "disk_full", "the server's disk is full; try again later");
    else
        refuse(reply, 500, "server_error", error->message);
}

/* ---- a new video ------------------------------------------------------------------------------------------------ */

/* What the running job was estimated to take, less what it has taken. */
static double expected_left(server_state *state, const char *id) {
    server_job job;
    double left = 0;
    if (*id && server_store_find(state->store, NULL, id, &job, NULL) == SERVER_STORED) {
        left = job.expected - (double)((int64_t)time(NULL) - job.started);
        server_job_end(&job);
    }
    return left;
}

static void refuse_no_place(server_state *state, server_reply *reply) {
    server_progress progress;
    server_queue_look(&state->queue, &progress, NULL);
    refuse(reply, 429, "queue_full", "as many jobs wait as may; try again later");
    server_reply_header(reply, "Retry-After", "%d",
                        server_queue_patience(&progress, expected_left(state, progress.id)));
}

int server_api_has_place(server_state *state, server_reply *reply) {
    int64_t counts[SERVER_STATUSES];
    server_store_count(state->store, counts);
    if (counts[SERVER_QUEUED] < state->settings->max_queue) return 1;
    refuse_no_place(state, reply);
    return 0;
}

static server_stored keep(server_state *state, server_job *job, const server_order *order, i2v_error *error) {
    job->parameters = json_dumps(order->parameters, JSON_COMPACT | JSON_REAL_PRECISION(17));
    job->model = strdup(order->model->model->name);
    job->prompt = order->prompt ? strdup(order->prompt) : NULL;
    job->created = (int64_t)time(NULL);
    job->expected = order->seconds;
    if (job->parameters && job->model && job->client && (job->prompt || !order->prompt))
        return server_store_add(state->store, job, state->settings->max_queue, error);
    server_fail(error, I2V_ERROR_MEMORY, "not enough memory");
    return SERVER_STORE_BROKEN;
}

/* The picture is the job's before the job is there: a picture without one is removed at the next start. */
static void add(server_state *state, const server_request *request, server_body *body, const server_order *order,
                server_reply *reply) {
    i2v_error error = {0};
    server_job job = {.client = strdup(request->owner)};
    memcpy(job.id, body->upload.id, sizeof job.id);
    server_progress none = {.seconds_left = -1};
    server_stored result = keep(state, &job, order, &error);
    if (result == SERVER_STORED) {
        server_queue_wake(&state->queue);
        server_say(&state->voice, "%s: queued for %s", job.id, job.client);
        server_reply_json(reply, 200, server_video_json(&job, &none));
    } else {
        server_folder_remove(&state->folder, SERVER_PICTURE, job.id);
        if (result == SERVER_NO_PLACE)
            refuse_no_place(state, reply);
        else
            refuse_stored(reply, result, &error);
    }
    server_job_end(&job);
}

/* One picture at a time is read for a model, so that several do not take the memory of all. */
static int commit(server_body *body, const server_order *order) {
    pthread_mutex_lock(&order->model->planning);
    int good = server_upload_commit(&body->upload, &order->image, &body->problem);
    pthread_mutex_unlock(&order->model->planning);
    return good;
}

static void create(server_state *state, const server_request *request, server_body *body, server_reply *reply) {
    server_order order = {0};
    server_problem *problem = &body->problem;
    if (server_body_finish(body) &&
        server_order_make(&order, body->fields, &state->models, state->settings, &state->folder, problem) &&
        commit(body, &order))
        add(state, request, body, &order, reply);
    else
        server_reply_problem(reply, problem);
    json_decref(order.parameters);
}

/* ---- videos that are there -------------------------------------------------------------------------------------- */

static void show(server_state *state, const server_request *request, const char *id, server_reply *reply) {
    i2v_error error = {0};
    server_job job;
    server_progress progress;
    server_stored result = server_store_find(state->store, request->client, id, &job, &error);
    server_queue_look(&state->queue, &progress, NULL);
    if (result == SERVER_STORED)
        server_reply_json(reply, 200, server_video_json(&job, &progress));
    else
        refuse_stored(reply, result, &error);
    server_job_end(&job);
}

static int refuse_query(server_reply *reply, const char *name, const char *message) {
    refuse_param(reply, 400, "invalid_value", name, message);
    return 0;
}

static int read_query(const server_request *request, int *limit, int *ascending, server_reply *reply) {
    const char *text = request->limit ? request->limit : "20";
    size_t digits = strspn(text, "0123456789");
    int wanted = digits > 0 && digits < 4 && !text[digits] ? atoi(text) : 0;
    if (wanted < 1 || wanted > 100) return refuse_query(reply, "limit", "limit takes a number from 1 to 100");
    *limit = wanted;
    *ascending = request->order && strcmp(request->order, "asc") == 0;
    if (request->order && !*ascending && strcmp(request->order, "desc") != 0)
        return refuse_query(reply, "order", "order takes asc or desc");
    if (request->after && !server_id_is_good(request->after))
        return refuse_query(reply, "after", "after takes a video's id");
    return 1;
}

static json_t *list_json(server_state *state, const server_job *jobs, int count, int has_more) {
    server_progress progress;
    json_t *videos = json_array();
    server_queue_look(&state->queue, &progress, NULL);
    for (int i = 0; i < count; i++) json_array_append_new(videos, server_video_json(&jobs[i], &progress));
    return json_pack("{s:s, s:o, s:s?, s:s?, s:b}", "object", "list", "data", videos, "first_id",
                     count ? jobs[0].id : NULL, "last_id", count ? jobs[count - 1].id : NULL, "has_more", has_more);
}

/* One more than is asked for tells whether there are more. */
static void list(server_state *state, const server_request *request, server_reply *reply) {
    i2v_error error = {0};
    int limit, ascending, count;
    if (!read_query(request, &limit, &ascending, reply)) return;
    server_job *jobs = calloc((size_t)limit + 1, sizeof *jobs);
    if (!jobs) return refuse(reply, 500, "server_error", "not enough memory");
    server_stored result =
        server_store_list(state->store, request->client, request->after, ascending, limit + 1, jobs, &count, &error);
    if (result == SERVER_STORED)
        server_reply_json(reply, 200, list_json(state, jobs, count > limit ? limit : count, count > limit));
    else if (result == SERVER_NOT_THERE)
        refuse_param(reply, 404, "video_not_found", "after", "after: there never was such a video");
    else
        refuse_stored(reply, result, &error);
    for (int i = 0; result == SERVER_STORED && i < count; i++) server_job_end(&jobs[i]);
    free(jobs);
}

/* The files of a job that runs are the worker's to remove. */
static void let_go(server_state *state, const char *id) {
    if (!server_queue_cancel(&state->queue, id)) server_folder_forget(&state->folder, id);
}

static void cancel(server_state *state, const server_request *request, const char *id, server_reply *reply) {
    i2v_error error = {0};
    server_job job;
    server_stored result = server_store_cancel(state->store, request->client, id, (int64_t)time(NULL), &error);
    if (result == SERVER_STORED) {
        let_go(state, id);
        server_queue_count(&state->queue, SERVER_CANCELLED);
        server_say(&state->voice, "%s: cancelled", id);
        return show(state, request, id, reply);
    }
    if (result != SERVER_NOT_THERE) return refuse_stored(reply, result, &error);
    result = server_store_find(state->store, request->client, id, &job, &error);
    if (result != SERVER_STORED)
        refuse_stored(reply, result, &error);
    else if (job.status == SERVER_CANCELLED)
        show(state, request, id, reply);
    else
        refuse(reply, 409, "not_cancellable", "the video is not waited for or worked on any more");
    server_job_end(&job);
}

static void remove_video(server_state *state, const server_request *request, const char *id, server_reply *reply) {
    i2v_error error = {0};
    server_stored result = server_store_remove(state->store, request->client, id, &error);
    if (result != SERVER_STORED) return refuse_stored(reply, result, &error);
    let_go(state, id);
    server_say(&state->voice, "%s: removed", id);
    server_reply_json(reply, 200, json_pack("{s:s, s:s, s:b}", "id", id, "object", "video.deleted", "deleted", 1));
}

static void content(server_state *state, const server_request *request, const char *id, server_reply *reply) {
    i2v_error error = {0};
    server_job job;
    if (request->variant && strcmp(request->variant, "video") != 0) {
        refuse_query(reply, "variant", "of a video only itself is offered: variant takes video");
        return;
    }
    server_stored result = server_store_find(state->store, request->client, id, &job, &error);
    if (result != SERVER_STORED)
        refuse_stored(reply, result, &error);
    else if (job.status != SERVER_COMPLETED)
        refuse(reply, 409, "not_completed", "the video is not there yet, or never will be; its status says which");
    else if (!server_content_open(&state->folder, id, request->range, request->if_range, reply))
        refuse(reply, 500, "server_error", "the video's file cannot be read");
    server_job_end(&job);
}

/* ---- models and health ------------------------------------------------------------------------------------------ */

static json_t *model_json(const server_opened *opened) {
    return json_pack("{s:s, s:s, s:i, s:s, s:i, s:i, s:i}", "id", opened->model->name, "object", "model", "created", 0,
                     "owned_by", "img2vid", "width", opened->info.width, "height", opened->info.height, "num_frames",
                     opened->info.num_frames);
}

static void models(server_state *state, server_reply *reply) {
    json_t *all = json_array();
    for (size_t i = 0; i < state->models.count; i++) json_array_append_new(all, model_json(&state->models.items[i]));
    server_reply_json(reply, 200, json_pack("{s:s, s:o}", "object", "list", "data", all));
}

/* A name may have slashes. */
static void model(server_state *state, const char *name, server_reply *reply) {
    const server_opened *opened = server_models_find(&state->models, name);
    server_problem problem = {0};
    if (opened) return server_reply_json(reply, 200, model_json(opened));
    server_models_refuse(name, &problem);
    server_reply_problem(reply, &problem);
}

static void health(server_reply *reply) {
    server_reply_json(reply, 200, json_pack("{s:s, s:s}", "status", "ok", "version", i2v_version()));
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

enum { VIDEOS, VIDEO, CONTENT, CANCEL, MODELS, MODEL, HEALTH, METRICS, ADDRESSES };

/* What each takes. HEAD is GET without a body. */
static const char *const methods[ADDRESSES] = {
    [VIDEOS] = "GET, HEAD, POST", [VIDEO] = "GET, HEAD, DELETE", [CONTENT] = "GET, HEAD", [CANCEL] = "POST",
    [MODELS] = "GET, HEAD",       [MODEL] = "GET, HEAD",         [HEALTH] = "GET, HEAD",  [METRICS] = "GET, HEAD"};

static const char models_base[] = "/v1/models/";

/* ADDRESSES where it is none. id gets the name of a video. */
static int find_address(const char *path, char id[SERVER_ID_SIZE]) {
    static const char base[] = "/v1/videos";
    if (strcmp(path, "/v1/models") == 0) return MODELS;
    if (strncmp(path, models_base, sizeof models_base - 1) == 0) return MODEL;
    if (strcmp(path, "/healthz") == 0) return HEALTH;
    if (strcmp(path, "/metrics") == 0) return METRICS;
    if (strncmp(path, base, sizeof base - 1) != 0) return ADDRESSES;
    const char *rest = path + sizeof base - 1;
    if (!*rest) return VIDEOS;
    if (*rest != '/' || strlen(rest) < SERVER_ID_SIZE) return ADDRESSES;
    memcpy(id, rest + 1, SERVER_ID_SIZE - 1);
    id[SERVER_ID_SIZE - 1] = 0;
    if (!server_id_is_good(id)) return ADDRESSES;
    rest += SERVER_ID_SIZE;
    return !*rest ? VIDEO : strcmp(rest, "/content") == 0 ? CONTENT : strcmp(rest, "/cancel") == 0 ? CANCEL : ADDRESSES;
}

/* A whole word of the list. */
static int takes(int address, const char *method) {
    size_t length = strlen(method);
    for (const char *at = methods[address]; at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL)
        if (strncmp(at, method, length) == 0 && (at[length] == ',' || !at[length])) return 1;
    return 0;
}

int server_api_makes_video(const server_request *request) {
    char id[SERVER_ID_SIZE];
    return strcmp(request->method, "POST") == 0 && find_address(request->path, id) == VIDEOS;
}

void server_api_answer(server_state *state, const server_request *request, server_body *body, server_reply *reply) {
    char id[SERVER_ID_SIZE];
    int address = find_address(request->path, id),
        is_get = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (address == ADDRESSES) return refuse(reply, 404, "not_found", "there is nothing at this address");
    if (!takes(address, request->method)) {
        refuse(reply, 405, "method_not_allowed", "this address takes other methods");
        return server_reply_header(reply, "Allow", "%s", methods[address]);
    }
    switch (address) {
    case VIDEOS:
        return is_get ? list(state, request, reply) : create(state, request, body, reply);
    case VIDEO:
        return is_get ? show(state, request, id, reply) : remove_video(state, request, id, reply);
    case CONTENT:
        return content(state, request, id, reply);
    case CANCEL:
        return cancel(state, request, id, reply);
    case MODELS:
        return models(state, reply);
    case MODEL:
        return model(state, request->path + sizeof models_base - 1, reply);
    case METRICS:
        return server_metrics_write(state, reply);
    default:
        return health(reply);
    }
}
