/* What generate, decode and bench have in common: a task, an opened engine, progress, messages. How a job begins, what
 * it writes and how it ends is in job_begin.h, job_save.h and job_end.h. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "folders.h"
#include "img2vid/img2vid.h"
#include "progress.h"
#include "settings.h"
#include "show.h"
#include "tasks.h"

/* What detail.c has said of the run's events. */
typedef struct cli_logged {
    int notes, phase, step;
    int seen; /* the phase of the event before, and its seconds */
    double seconds;
} cli_logged;

typedef struct cli_job {
    const cli_settings *all;      /* the command line's */
    const cli_settings *settings; /* the task's: the same, but in a list of jobs */
    cli_task task;                /* what is worked on */
    i2v_image *image;  /* the last picture that was read, for all its seeds */
    int image_index;   /* its place among the pictures */
    int input_failed;  /* the task's picture could not be read */
    i2v_params params; /* the settings' own, with callback and latents */
    i2v_engine *engine;
    const cli_settings *opened; /* what the engine was opened by */
    i2v_model_info model;
    i2v_video *video;
    i2v_bench_report *bench;
    struct cli_losses *loss; /* of bench --loss */
    i2v_memory_plan plan; /* of the run, or all zero where it has none */
    cli_progress progress;
    cli_show show;
    i2v_error error;
    char *bundled;    /* path of the bundled model, if that is used */
    char *model_path; /* what --model names, on disk */
    char model_sha256[I2V_SHA256_SIZE], image_sha256[I2V_SHA256_SIZE], latents_sha256[I2V_SHA256_SIZE]; /* or "" */
    char notes[4096];
    cli_logged logged;
    double began, save_seconds;
    int file_frames; /* of each video file, once cli_overwrite_check has been */
    int skipped;     /* all of the task's files are there, and are to stay */
    cli_folders folders;
    char *latents_path;   /* where latents.c wrote the task's last latents, or NULL */
    int preview_failed;   /* and the user was told */
    int keeps_state;      /* checkpoint.c: the run's state is written */
    char *state_path;     /* where, of the task; NULL: nowhere */
    char *old_state;      /* that of the task before, until this one has its own */
    int state_warned;     /* it was said that it cannot be written */
    int has_begun;        /* the task's run has come to its steps */
    float *clips_latents; /* [videos, clips, frames, channels, height, width], of several clips; or NULL */
    float *noise;         /* of --latents, or NULL */
} cli_job;

/* Turns to another of all tasks; the first is there from the beginning. */
void cli_job_select(cli_job *job, size_t place);

/* Calls check for all tasks in turn, up to the first that fails; then the first task is the job's again. */
i2v_status cli_job_check_tasks(cli_job *job, i2v_status (*check)(cli_job *));

/* From here on a signal cancels the engine's call; I2V_CANCELLED if one came before. */
i2v_status cli_job_running(cli_job *job);

/* Sets job->error, and returns status. */
__attribute__((format(printf, 3, 4))) i2v_status cli_job_fail(cli_job *job, i2v_status status, const char *format, ...);

/* Returns status; takes the engine's message if it is an error. For calls on the engine. */
i2v_status cli_job_engine_result(cli_job *job, i2v_status status);

/* Adds a line to what is printed when work begins; once it has, says so at once. */
__attribute__((format(printf, 2, 3))) void cli_job_note(cli_job *job, const char *format, ...);

/* Says so at once, of the task's input. */
void cli_job_warn(cli_job *job, const char *what);

/* Frees everything. */
void cli_job_close(cli_job *job);

/* Where video `index` of `count` of the task goes, by --output or --save-latents. Free it; NULL without memory. */
char *cli_job_path(const cli_job *job, const char *pattern, int index, int count);
/* The same for a report: the file's name, or with several files the pattern. */
char *cli_job_shown_path(const cli_job *job, const char *pattern, int index, int count);

#endif
