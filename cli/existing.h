/* --skip-existing: what is there already is not made again. */
#ifndef CLI_EXISTING_H
#define CLI_EXISTING_H

#include "job.h"

/* True if path's file is there; of a pattern, those of so many frames. */
int cli_is_there(const char *path, int frames);

/* True if a file of --output or --save-latents is to be left as it is: it is there, and --skip-existing was given. */
int cli_is_kept(const cli_job *job, const char *path, int frames);

/* True if that holds of all files of the job's task, so that there is nothing to do. job->file_frames must be known. */
int cli_task_is_done(const cli_job *job);

#endif
