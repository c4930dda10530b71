/* The beginning of a job. */
#ifndef CLI_JOB_BEGIN_H
#define CLI_JOB_BEGIN_H

#include "job.h"

/* Checks that the files to be written (if any) can be, and opens the model. job is to be ended in every case. */
i2v_status cli_job_begin(cli_job *job, const cli_settings *settings);

/* Its parts, of which a list of jobs needs some for each. The first does nothing but to fill job. */
void cli_job_prepare(cli_job *job, const cli_settings *settings);
i2v_status cli_job_check_outputs(cli_job *job);
/* Opens the task's model, unless it is the one that is open. */
i2v_status cli_job_open_model(cli_job *job);
/* What is to be said when work begins. */
void cli_job_write_notes(cli_job *job);

#endif
