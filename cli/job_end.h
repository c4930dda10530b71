/* The end of a job. */
#ifndef CLI_JOB_END_H
#define CLI_JOB_END_H

#include "job.h"

/* Prints the error, or calls report, which prints what the command has to say and returns an exit status. Then frees
 * everything. Returns the exit status. */
int cli_job_end(cli_job *job, i2v_status status, int (*report)(const cli_job *job));

#endif
