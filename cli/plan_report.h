/* The memory and the time that a run would take, as a table for a person or as JSON. */
#ifndef CLI_PLAN_REPORT_H
#define CLI_PLAN_REPORT_H

#include "job.h"

/* Both print job->plan on standard output and return an exit status. */
int cli_plan_table(const cli_job *job);
int cli_plan_json(const cli_job *job);

#endif
