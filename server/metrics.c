/* Figures of the running server, in Prometheus' text format (0.0.4). */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void head(FILE *to, const char *name, const char *type, const char *help) {
    fprintf(to, "# HELP img2vid_%s %s\n# TYPE img2vid_%s %s\n", name, help, name, type);
}

static void write_jobs(FILE *to, const int64_t counts[SERVER_STATUSES], const server_totals *totals) {
    head(to, "jobs", "gauge", "Jobs that are kept, by status.");
    for (int i = 0; i < SERVER_STATUSES; i++)
        fprintf(to, "img2vid_jobs{status=\"%s\"} %" PRId64 "\n", server_status_name((server_status)i), counts[i]);
    head(to, "jobs_ended_total", "counter", "Jobs that ended since the start, by how.");
    for (int i = SERVER_COMPLETED; i < SERVER_STATUSES; i++)
        fprintf(to, "img2vid_jobs_ended_total{status=\"%s\"} %" PRIu64 "\n", server_status_name((server_status)i),
                totals->ended[i]);
}

static void write_work(FILE *to, const server_progress *progress, const server_totals *totals) {
    head(to, "step_seconds", "summary", "Steps of denoising since the start, and their time.");
    fprintf(to, "img2vid_step_seconds_sum %.9g\nimg2vid_step_seconds_count %" PRIu64 "\n", totals->step_seconds,
            totals->steps);
    head(to, "job_progress", "gauge", "How much of the running job is done, from 0 to 1.");
    fprintf(to, "img2vid_job_progress %.6g\n", progress->fraction);
    head(to, "engine_memory_bytes", "gauge", "Memory that the engine held when it last worked.");
    fprintf(to, "img2vid_engine_memory_bytes %" PRIu64 "\n", totals->memory);
}

/* Where the system does not tell, there is no such figure. */
static void write_process(FILE *to) {
    unsigned long long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    int found = file && fscanf(file, "%*u %llu", &pages) == 1;
    if (file) fclose(file);
    if (!found) return;
    fprintf(to,
            "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
            "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %llu\n",
            pages * (unsigned long long)sysconf(_SC_PAGESIZE));
}

void server_metrics_write(server_state *state, server_reply *reply) {
    int64_t counts[SERVER_STATUSES];
    server_progress progress;
    server_totals totals;
    size_t size;
    server_store_count(state->store, counts);
    server_queue_look(&state->queue, &progress, &totals);
    FILE *to = open_memstream(&reply->text, &size);
    if (!to) return server_reply_json(reply, 500, NULL);
    write_jobs(to, counts, &totals);
    write_work(to, &progress, &totals);
    write_process(to);
    fclose(to);
    reply->http = reply->text ? 200 : 500;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
}
