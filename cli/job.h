/* What generate, decode and bench have in common: an opened engine, progress, files at the end, a report. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "img2vid/img2vid.h"
#include "progress.h"
#include "settings.h"

typedef struct cli_job {
    const cli_settings *settings;
    i2v_params params; /* the settings' own, with callback and latents */
    i2v_engine *engine;
    i2v_model_info model;
    i2v_video *video;
    i2v_bench_report *bench;
    i2v_memory_plan plan; /* of --plan */
    cli_progress progress;
    i2v_error error;
    char *bundled; /* path of the bundled model, if that is used */
    char model_sha256[I2V_SHA256_SIZE], image_sha256[I2V_SHA256_SIZE], latents_sha256[I2V_SHA256_SIZE]; /* or "" */
    char notes[4096];
    double began, save_seconds;
} cli_job;

/* Checks that the files to be written (if any) can be, and opens the model. job is to be ended in every case. */
i2v_status cli_job_begin(cli_job *job, const cli_settings *settings);

/* Returns status; takes the engine's message if it is an error. For calls on the engine. */
i2v_status cli_job_engine_result(cli_job *job, i2v_status status);

/* Adds to what is printed when work begins. */
__attribute__((format(printf, 2, 3))) void cli_job_note(cli_job *job, const char *format, ...);

/* Writes latents and videos. */
i2v_status cli_job_save(cli_job *job);

/* Prints the error or the report, frees everything, and returns the exit status. */
int cli_job_end(cli_job *job, i2v_status status);

/* Where file number index of count goes: NAME.mp4, or NAME-1.mp4, NAME-2.mp4, ... Free it; NULL without memory. */
char *cli_numbered_path(const char *path, int index, int count);

#endif
