/* What was measured, as tables for a person or as JSON. */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include "job.h"

/* Prints job->bench on standard output and returns an exit status. */
int cli_bench_report(const cli_job *job);

#endif
