/* What was made of a task, or that it was there already. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "job.h"

/* One line on standard error, unless --quiet is given, and in the log, with the details of --verbose; with --json an
 * object on standard output (report_json.h). Returns an exit status. */
int cli_report(const cli_job *job);

#endif
