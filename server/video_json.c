/* Jobs as OpenAI's objects of videos, with what is ours beside: seconds_left, expected_seconds, parameters, notes. */
#include "video_json.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

static json_t *time_json(int64_t seconds) {
    return seconds ? json_integer(seconds) : json_null();
}

static int percent(const server_job *job, const server_progress *progress) {
    if (job->status == SERVER_COMPLETED) return 100;
    int is_running = job->status == SERVER_IN_PROGRESS && strcmp(job->id, progress->id) == 0;
    int done = is_running ? (int)(progress->fraction * 100) : 0;
    return done > 99 ? 99 : done; /* all of it is done when the video is there */
}

/* "1024x576" and "3.57", OpenAI's words for the parameters that we have. */
static void describe(const json_t *parameters, char size[32], char seconds[32]) {
    server_problem unused = {0};
    server_values values;
    server_values_begin(&values);
    server_values_read(&values, parameters, &unused);
    snprintf(size, 32, "%dx%d", values.params.width, values.params.height);
    snprintf(seconds, 32, "%.4g", (double)server_values_frames(&values) / server_values_rate(&values));
    server_values_end(&values);
}

static json_t *notes_json(const server_job *job) {
    static const char prompt[] = "prompt is ignored: the model makes its videos of the picture alone";
    return job->prompt ? json_pack("[s]", prompt) : json_array();
}

static json_t *error_json(const server_job *job) {
    if (job->status != SERVER_FAILED) return json_null();
    return json_pack("{s:s, s:s}", "code", "generation_failed", "message", job->error ? job->error : "");
}

static json_t *left_json(const server_job *job, const server_progress *progress) {
    int is_known =
        job->status == SERVER_IN_PROGRESS && strcmp(job->id, progress->id) == 0 && progress->seconds_left >= 0;
    return is_known ? json_real(progress->seconds_left) : json_null();
}

json_t *server_video_json(const server_job *job, const server_progress *progress) {
    char size[32], seconds[32];
    json_t *parameters = json_loads(job->parameters, 0, NULL);
    describe(parameters, size, seconds);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:I, s:o, s:o, s:n, s:s?, s:s, s:s, s:o, s:n, s:o, s:o, s:o, s:o}", "id", job->id,
        "object", "video", "model", job->model, "status", server_status_name(job->status), "progress",
        percent(job, progress), "created_at", (json_int_t)job->created, "started_at", time_json(job->started),
        "completed_at", time_json(job->status == SERVER_COMPLETED ? job->ended : 0), "expires_at", "prompt",
        job->prompt, "size", size, "seconds", seconds, "error", error_json(job), "remixed_from_video_id",
        "seconds_left", left_json(job, progress), "expected_seconds",
        job->expected > 0 ? json_real(job->expected) : json_null(), "parameters", parameters, "notes", notes_json(job));
}
