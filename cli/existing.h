/* --skip-existing: what is there already is not made again. All files of a task are made, or none. */
#ifndef CLI_EXISTING_H
#define CLI_EXISTING_H

#include "job.h"

/* True if a file that is written, of a pattern the first, is to be left as it is: it is there, and --skip-existing was
 * given. */
int cli_is_kept(const cli_job *job, const char *path);

/* True if that holds of all files of the job's task, so that there is nothing to do. job->file_frames must be known. */
int cli_task_is_done(const cli_job *job);

/* Fails where some files of the task are there and others are not: those that are there may be of another run. */
i2v_status cli_existing_check_task(cli_job *job);
/* Of all tasks. */
i2v_status cli_existing_check(cli_job *job);

#endif
