/* What --verbose and --log-file tell beside the usual. */
#include "detail.h"
#include "address.h"
#include "duration.h"
#include "log.h"
#include "message.h"
#include "metadata.h"
#include "system.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int is_wanted(const cli_job *job) {
    return job->settings->verbose || cli_log_is_open();
}

void cli_detail_job(cli_job *job) {
    const i2v_model_info *model = &job->model;
    int shown = job->settings->verbose;
    if (!is_wanted(job)) return;
    /* whoever needs the hash will say why it could not be had */
    if (!job->model_sha256[0] && i2v_model_hash(job->engine, job->model_sha256) != I2V_OK) job->model_sha256[0] = 0;
    cli_say(shown, "backend: %s, %d thread%s", model->backend, model->threads, model->threads == 1 ? "" : "s");
    cli_say(shown, "model: %s, SHA-256 %s", model->path, *job->model_sha256 ? job->model_sha256 : "not known");
    cli_say(shown, "parameters:");
    cli_metadata_say(job);
}

static double mebibytes(uint64_t bytes) {
    return (double)bytes / 0x1p20;
}

void cli_detail_plan(const cli_job *job) {
    const i2v_memory_plan *plan = &job->plan;
    int shown = job->settings->verbose;
    const cli_flag_name allows = cli_flag(job->settings->command, CLI_AT(options.max_memory));
    char time[CLI_DURATION_SIZE];
    for (size_t i = 0; i < plan->stages_count; i++) {
        const i2v_stage_memory *stage = &plan->stages[i];
        cli_duration_words(time, stage->run_seconds);
        cli_say(shown, "plan: %s: %.0f MiB, of which weights %.0f, about %s, %s", stage->name, mebibytes(stage->peak),
                mebibytes(stage->weights), time, stage->traded ? stage->traded : "nothing traded");
    }
    cli_duration_words(time, plan->seconds);
    cli_say(shown, "plan: peak %.0f MiB of %.0f MiB that %s%s, about %s in all", mebibytes(plan->peak),
            mebibytes(plan->budget), plan->budget_given ? allows.text : "are free",
            plan->budget_given ? " allows" : ", less a margin", time);
}

void cli_detail_input(cli_job *job) {
    const char *input = job->task.input, *hash = job->image_sha256[0] ? job->image_sha256 : job->latents_sha256;
    int is_address = cli_is_address(input);
    char *bare = is_address ? cli_address_without_password(input) : NULL;
    const char *shown = bare ? bare : is_address ? "an address" : input;
    cli_say(job->settings->verbose, "input: %s, SHA-256 %s, seed %" PRIu64, shown, *hash ? hash : "not known",
            job->params.seed);
    free(bare);
}

static void log_notes(const char *notes) {
    while (*notes) {
        int length = (int)strcspn(notes, "\n");
        cli_say(0, "%.*s", length, notes);
        notes += length + (notes[length] == '\n');
    }
}

static const char *unit(i2v_phase phase) {
    return phase == I2V_PHASE_LOAD ? " MiB" : phase == I2V_PHASE_DECODE ? " frames" : "";
}

void cli_detail_event(cli_job *job, const i2v_event *event) {
    cli_logged *logged = &job->logged;
    if (!is_wanted(job)) return;
    if (!logged->notes) log_notes(job->notes);
    logged->notes = 1;
    int begins = (int)event->phase != logged->seen || event->seconds < logged->seconds;
    logged->seen = (int)event->phase;
    logged->seconds = event->seconds;
    if (begins || event->steps_done > event->step) {
        if (event->step == 0) logged->step = 0;
        return;
    }
    if (event->step == 0 || ((int)event->phase == logged->phase && event->step == logged->step)) return;
    int ends = event->step >= event->steps, shown = ends && job->settings->verbose && job->progress.terminal;
    logged->phase = (int)event->phase;
    logged->step = event->step;
    if (event->phase == I2V_PHASE_LOAD && !ends) return; /* these are many */
    if (shown) cli_progress_end(&job->progress);
    cli_say(shown, "%s%s %d of %d%s, %.2f s", job->progress.task, i2v_phase_name(event->phase), event->step,
            event->steps, unit(event->phase), event->seconds);
}

void cli_detail_made(const cli_job *job) {
    const double *seconds = job->progress.seconds;
    int shown = job->settings->verbose;
    cli_say(shown, "time: load %.2f s, encode %.2f s, denoise %.2f s, decode %.2f s, save %.2f s",
            seconds[I2V_PHASE_LOAD], seconds[I2V_PHASE_ENCODE], seconds[I2V_PHASE_DENOISE], seconds[I2V_PHASE_DECODE],
            job->save_seconds);
    cli_say(shown, "memory: %.0f MiB at most in the engine, %.0f MiB in the process", mebibytes(job->progress.memory),
            mebibytes(cli_system_peak_memory()));
}
