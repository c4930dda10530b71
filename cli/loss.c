/* img2vid bench --loss: what each rung of --speed loses with the user's own model, beside fewer steps. The measure is
 * how near a run's latents are to those of a run of many steps. */
#include "loss.h"
#include "duration.h"
#include "job_begin.h"
#include "job_end.h"
#include "json.h"
#include "json_print.h"
#include "message.h"
#include "named.h"
#include "picture.h"
#include "signals.h"
#include "variant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_RUNGS = 8 };

/* A run of denoising alone. */
typedef struct loss_run {
    int steps;
    double seconds;
    double nearness; /* to the reference, in dB */
} loss_run;

typedef struct cli_losses {
    double reference_seconds;
    int count;
    struct {
        const i2v_speed *speed;
        int goes; /* 0: not with the other options */
        loss_run run;
        loss_run euler; /* of as many steps as that time takes */
    } rungs[MOST_RUNGS];
    int made, videos; /* of all, for progress */
} cli_losses;

/* 10 log10(mean square of b / mean square of a - b): infinite for equal ones. */
static double nearness(const i2v_video *a, const i2v_video *b) {
    double square = 0, difference = 0;
    size_t count =
        (size_t)b->num_frames * (size_t)b->latent_channels * (size_t)b->latent_height * (size_t)b->latent_width;
    for (size_t i = 0; i < count; i++) {
        double d = (double)a->latents[i] - (double)b->latents[i];
        square += (double)b->latents[i] * (double)b->latents[i];
        difference += d * d;
    }
    return difference > 0 ? 10 * log10(square / difference) : HUGE_VAL;
}

/* Its latents; *seconds of denoising. */
static i2v_status make(i2v_video **video, double *seconds, cli_job *job, const cli_variant *variant) {
    i2v_params params = variant->params;
    cli_variant run = *variant;
    i2v_engine *engine;
    run.options.tiny_decoder = job->settings->options.tiny_decoder; /* of latents alone, which needs no other engine */
    cli_progress_next(&job->progress, (size_t)job->loss->made++, (size_t)job->loss->videos);
    snprintf(job->progress.task, sizeof job->progress.task, "video %d of %d: ", job->loss->made, job->loss->videos);
    params.latents_only = 1;
    i2v_status status = cli_variant_open(&engine, job, &run);
    cli_signals_running(engine);
    if (status == I2V_OK) status = i2v_generate(engine, job->image, &params, video);
    if (status != I2V_OK && status != I2V_CANCELLED && job->error.status == I2V_OK) i2v_get_error(engine, &job->error);
    cli_signals_running(job->engine);
    cli_variant_close(engine, job);
    *seconds = job->progress.seconds[I2V_PHASE_DENOISE];
    return status;
}

static i2v_status measure(loss_run *run, cli_job *job, const cli_variant *variant, const i2v_video *reference) {
    i2v_video *video = NULL;
    run->steps = variant->params.num_inference_steps;
    i2v_status status = make(&video, &run->seconds, job, variant);
    if (status == I2V_OK) run->nearness = nearness(video, reference);
    i2v_video_free(video);
    return status;
}

/* Euler's steps, as many as take that time. The first rung is Euler's own. */
static i2v_status measure_euler(cli_job *job, int index, const i2v_video *reference) {
    const loss_run *exact = &job->loss->rungs[0].run;
    cli_variant variant = cli_variant_of(job);
    double steps = job->loss->rungs[index].run.seconds / exact->seconds * exact->steps;
    variant.params.num_inference_steps = steps < 1 ? 1 : (int)(steps + 0.5);
    return measure(&job->loss->rungs[index].euler, job, &variant, reference);
}

static i2v_status measure_rung(cli_job *job, int index, const i2v_video *reference) {
    cli_losses *loss = job->loss;
    cli_variant variant = cli_variant_of(job);
    i2v_error error = {0};
    const char *name = loss->rungs[index].speed->name;
    loss->rungs[index].goes =
        cli_named_set_speed(job->settings, name, &variant.options, &variant.params, &error) == I2V_OK;
    if (!loss->rungs[index].goes) return I2V_OK;
    i2v_status status = measure(&loss->rungs[index].run, job, &variant, reference);
    return status == I2V_OK && index > 0 ? measure_euler(job, index, reference) : status;
}

/* The reference is UniPC's, which comes nearest to the end of the trajectory by the steps that it takes. */
static i2v_status measure_all(cli_job *job) {
    cli_losses *loss = job->loss;
    cli_variant variant = cli_variant_of(job);
    i2v_video *reference = NULL;
    while (loss->count < MOST_RUNGS && (loss->rungs[loss->count].speed = i2v_speed_at((size_t)loss->count)))
        loss->count++;
    loss->videos = 2 * loss->count;
    variant.params.num_inference_steps = job->settings->reference_steps;
    if (variant.params.scheduler != I2V_SCHEDULER_ANIMATELCM) variant.params.scheduler = I2V_SCHEDULER_UNIPC;
    i2v_status status = make(&reference, &loss->reference_seconds, job, &variant);
    for (int i = 0; status == I2V_OK && i < loss->count; i++) status = measure_rung(job, i, reference);
    i2v_video_free(reference);
    return status;
}

/* ---- what is printed -------------------------------------------------------------------------------------------- */

static void print_run(const loss_run *run) {
    char time[CLI_DURATION_SIZE];
    cli_duration_words(time, run->seconds);
    printf("  %5d %12s %6.1f", run->steps, time, run->nearness);
}

static int print_table(const cli_job *job) {
    const cli_losses *loss = job->loss;
    cli_line(stdout, "model %s, %s", job->model.path, job->model.backend);
    printf("Denoising alone. How near the latents are to those of %d steps of UniPC in float32: 10 log10 of their mean "
           "square\n"
           "over the mean square of what differs. More is nearer.\n\n"
           "%-9s  %5s %12s %6s  | Euler, as long:\n",
           job->settings->reference_steps, "speed", "steps", "time", "dB");
    for (int i = 0; i < loss->count; i++) {
        printf("%-9s", loss->rungs[i].speed->name);
        if (!loss->rungs[i].goes) {
            printf("  does not go with the other options\n");
            continue;
        }
        print_run(&loss->rungs[i].run);
        if (i > 0) {
            printf("  |");
            print_run(&loss->rungs[i].euler);
        }
        putchar('\n');
    }
    return cli_flush_output();
}

static json_t *run_json(const loss_run *run) {
    json_t *decibels = isfinite(run->nearness) ? json_real(run->nearness) : json_null();
    return json_pack("{s:i, s:f, s:o}", "num_inference_steps", run->steps, "seconds", run->seconds, "nearness",
                     decibels);
}

static int print_json(const cli_job *job) {
    const cli_losses *loss = job->loss;
    json_t *rungs = json_array();
    for (int i = 0; i < loss->count; i++) {
        json_t *rung = json_pack("{s:s}", "speed", loss->rungs[i].speed->name);
        int goes = loss->rungs[i].goes;
        cli_json_set(&rung, "run", goes ? run_json(&loss->rungs[i].run) : json_null());
        cli_json_set(&rung, "euler", goes && i > 0 ? run_json(&loss->rungs[i].euler) : json_null());
        cli_json_append(&rungs, rung);
    }
    return cli_print_json(json_pack("{s:s, s:s, s:o, s:s, s:i, s:f, s:o}", "command", "bench", "version", i2v_version(),
                                    "model", cli_json_text(job->model.path), "backend", job->model.backend,
                                    "reference_steps", job->settings->reference_steps, "reference_seconds",
                                    loss->reference_seconds, "speeds", rungs));
}

static int report(const cli_job *job) {
    return job->settings->json ? print_json(job) : print_table(job);
}

int cli_loss(const cli_settings *settings) {
    cli_job job;
    i2v_status status = cli_job_begin(&job, settings);
    if (status == I2V_OK) status = cli_picture_read(&job, settings->loss);
    if (status == I2V_OK && !(job.loss = calloc(1, sizeof *job.loss)))
        status = cli_job_fail(&job, I2V_ERROR_MEMORY, "not enough memory for the figures");
    if (status == I2V_OK) status = cli_job_running(&job);
    if (status == I2V_OK) status = measure_all(&job);
    return cli_job_end(&job, status, report);
}
