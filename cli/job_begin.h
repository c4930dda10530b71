/* The beginning of a job. */
#ifndef CLI_JOB_BEGIN_H
#define CLI_JOB_BEGIN_H

#include "job.h"

/* Checks that the files to be written (if any) can be, and opens the model. job is to be ended in every case. */
i2v_status cli_job_begin(cli_job *job, const cli_settings *settings);

#endif
