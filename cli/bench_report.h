/* What was measured, as tables for a person or as JSON. */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include "job.h"

/* Both print job->bench on standard output and return an exit status. */
int cli_bench_table(const cli_job *job);
int cli_bench_json(const cli_job *job);

#endif
