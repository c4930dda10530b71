/* The videos of a job, as files. */
#ifndef CLI_JOB_SAVE_H
#define CLI_JOB_SAVE_H

#include "job.h"

/* Writes the videos. */
i2v_status cli_job_save(cli_job *job);

#endif
