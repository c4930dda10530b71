/* The memory and the time that a run would take, as a table for a person or as JSON. */
#ifndef CLI_PLAN_REPORT_H
#define CLI_PLAN_REPORT_H

#include "job.h"

/* Prints job->plan on standard output and returns an exit status. */
int cli_plan_report(const cli_job *job);

#endif
