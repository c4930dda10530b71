/* One file from the hub to its place in the cache, over several connections. */
#include "hub/download.h"

#include "hub/digest.h"
#include "hub/partial.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_ANSWERS 5 /* that a part survives without progress between them */

struct transfer_job;

/* One connection. */
typedef struct transfer_lane {
    struct transfer_job *job;
    i2v_transfer transfer;
    size_t part;
    int busy, begun, short_answers;
    uint64_t at;   /* where the next byte goes */
    uint64_t kept; /* when short answers were last counted from the beginning */
} transfer_lane;

typedef struct transfer_job {
    const i2v_download *ask;
    i2v_http *http;
    i2v_partial partial;
    transfer_lane lanes[I2V_CONNECTIONS_MAX];
    int no_ranges; /* the server sends all from the beginning, or another range, whatever it is asked for */
    int other_size;
    i2v_status status; /* of writing */
    i2v_error *error;
} transfer_job;

/* ---- one request ------------------------------------------------------------------------------------------------ */

static void prepare(void *user, i2v_http_request *request) {
    transfer_lane *lane = user;
    const i2v_partial *partial = &lane->job->partial;
    uint64_t start = partial->part_size * lane->part, end = start + i2v_partial_length(partial, lane->part);
    lane->at = start + partial->done[lane->part];
    lane->begun = 0;
    if (lane->at >= end) lane->at = end - 1;
    request->first = (int64_t)lane->at;
    request->last = (int64_t)end - 1;
    if (lane->job->no_ranges || (lane->at == 0 && end == partial->size)) {
        lane->at = 0;
        request->first = -1;
    }
}

/* Of the lane's part; without ranges one lane brings all. */
static uint64_t kept(void *user) {
    const transfer_lane *lane = user;
    const transfer_job *job = lane->job;
    return job->no_ranges ? i2v_partial_done(&job->partial) : job->partial.done[lane->part];
}

static void begin_counting(transfer_lane *lane) {
    lane->short_answers = 0;
    lane->kept = kept(lane);
}

/* Looks at an answer before its first byte is written; 0 if it is none to what was asked. */
static int check_answer(transfer_lane *lane, const i2v_http_reply *reply) {
    transfer_job *job = lane->job;
    const i2v_http_request *request = &lane->transfer.request;
    uint64_t size = job->partial.size;
    int ranged = request->first >= 0;
    if (ranged && reply->total >= 0 && (uint64_t)reply->total != size)
        job->other_size = 1;
    else if (ranged && (reply->status != 206 || reply->first != request->first))
        job->no_ranges = 1;
    else if (!ranged && reply->length >= 0 && (uint64_t)reply->length != size)
        job->other_size = 1;
    else
        return 1;
    return 0;
}

static int take(void *user, const i2v_http_reply *reply, const void *data, size_t size) {
    transfer_lane *lane = user;
    transfer_job *job = lane->job;
    if (!lane->begun && !check_answer(lane, reply)) return 1;
    lane->begun = 1;
    job->status = i2v_partial_write(&job->partial, lane->at, data, size, job->error);
    if (job->status != I2V_OK) return 1;
    lane->at += size;
    job->ask->progress(job->ask->user, i2v_partial_done(&job->partial), size);
    return 0;
}

/* ---- which part is next ----------------------------------------------------------------------------------------- */

static int is_missing(const transfer_job *job, size_t part) {
    return job->partial.done[part] < i2v_partial_length(&job->partial, part);
}

static int is_taken(const transfer_job *job, size_t part) {
    for (int i = 0; i < job->ask->connections; i++)
        if (job->lanes[i].busy && job->lanes[i].part == part) return 1;
    return 0;
}

static i2v_status start_lane(transfer_job *job, transfer_lane *lane, size_t part) {
    int goes_on = lane->job && lane->part == part;
    lane->part = part;
    lane->job = job;
    if (!goes_on) begin_counting(lane);
    lane->busy = 1;
    lane->transfer.request = (i2v_http_request){.url = job->ask->url,
                                                .token = job->ask->token,
                                                .first = -1,
                                                .max_redirects = 10,
                                                .sink = take,
                                                .prepare = prepare,
                                                .kept = kept,
                                                .user = lane};
    return i2v_http_start(job->http, &lane->transfer, job->error);
}

/* Gives every free lane a part, if there is one; without ranges only the first lane works. */
static i2v_status start_lanes(transfer_job *job) {
    i2v_status status = I2V_OK;
    int lanes = job->no_ranges ? 1 : job->ask->connections;
    for (int i = 0; status == I2V_OK && i < lanes; i++) {
        if (job->lanes[i].busy) continue;
        for (size_t part = 0; part < job->partial.count; part++) {
            if (!is_missing(job, part) || is_taken(job, part)) continue;
            status = start_lane(job, &job->lanes[i], part);
            break;
        }
    }
    return status;
}

static void stop_lanes(transfer_job *job) {
    for (int i = 0; i < I2V_CONNECTIONS_MAX; i++) {
        i2v_http_stop(&job->lanes[i].transfer);
        job->lanes[i].busy = 0;
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static i2v_status fail_size(const transfer_job *job, const char *what) {
    return i2v_fail(job->error, I2V_ERROR_NETWORK,
                    "%s is of another size than the %" PRIu64
                    " bytes that the hub lists; what had arrived was removed, "
                    "pull again",
                    what, job->partial.size);
}

/* After a transfer has ended, well or not. */
static i2v_status finish_lane(transfer_job *job, transfer_lane *lane, i2v_http_reply *reply) {
    const char *what = job->ask->file->name;
    lane->busy = 0;
    if (job->status != I2V_OK) return job->status;
    if (lane->transfer.reply.status == 416) job->other_size = 1;
    if (job->other_size) return fail_size(job, what);
    if (lane->transfer.stopped) { /* by the first answer without a range: all others are in vain */
        stop_lanes(job);
        return I2V_OK;
    }
    if (!i2v_transfer_succeeded(&lane->transfer)) {
        *reply = lane->transfer.reply;
        return i2v_transfer_fail(&lane->transfer, what, job->error);
    }
    if (kept(lane) >= lane->kept + I2V_PROGRESS_BYTES) begin_counting(lane);
    if (!is_missing(job, lane->part) || ++lane->short_answers < SHORT_ANSWERS) return I2V_OK;
    return i2v_fail(job->error, I2V_ERROR_NETWORK, "the server sends less of %s than was asked for; try again later",
                    what);
}

static i2v_status transfer_parts(transfer_job *job, i2v_http_reply *reply) {
    i2v_status status = start_lanes(job);
    while (status == I2V_OK && i2v_partial_done(&job->partial) < job->partial.size) {
        i2v_transfer *ended = i2v_http_wait(job->http);
        if (!ended) return i2v_fail(job->error, I2V_CANCELLED, "cancelled");
        status = finish_lane(job, ended->request.user, reply);
        if (status == I2V_OK) status = start_lanes(job);
    }
    return status;
}

/* The content is what its name says. */
static i2v_status check_digest(transfer_job *job) {
    const i2v_hub_file *file = job->ask->file;
    i2v_digest_kind kind = i2v_digest_kind_of(file->etag);
    char digest[I2V_DIGEST_TEXT_SIZE];
    if (kind == I2V_DIGEST_NONE) return I2V_OK;
    i2v_status status = i2v_digest_file(digest, kind, job->partial.descriptor, job->partial.size, job->partial.path,
                                        job->ask->checking, job->ask->user, job->error);
    if (status != I2V_OK || strcmp(digest, file->etag) == 0) return status;
    i2v_partial_remove(&job->partial);
    return i2v_fail(job->error, I2V_ERROR_NETWORK,
                    "%s arrived damaged: its %s is not the one that the hub lists; it was removed, pull again",
                    file->name, kind == I2V_DIGEST_SHA256 ? "SHA-256" : "SHA-1");
}

i2v_status i2v_download_run(const i2v_download *download, i2v_http *http, i2v_http_reply *reply, i2v_error *error) {
    memset(reply, 0, sizeof *reply);
    transfer_job *job = calloc(1, sizeof *job);
    if (!job) return i2v_fail_memory(error, download->file->name, sizeof *job);
    job->ask = download;
    job->http = http;
    job->error = error;
    i2v_status status = i2v_partial_open(&job->partial, download->incomplete, (uint64_t)download->file->size,
                                         download->part_size, error);
    if (status == I2V_OK) {
        download->progress(download->user, i2v_partial_done(&job->partial), 0);
        status = transfer_parts(job, reply);
    }
    stop_lanes(job);
    if (status == I2V_OK) status = check_digest(job);
    if (status == I2V_OK) status = i2v_partial_commit(&job->partial, download->path, error);
    if (job->other_size) i2v_partial_remove(&job->partial);
    i2v_partial_close(&job->partial);
    free(job);
    return status;
}
