/* What was made, as one line for a person or as JSON. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "job.h"

/* One line on standard error, unless --quiet is given, and in the log; with the details of --verbose. */
void cli_report_line(const cli_job *job);

/* One JSON object on standard output, on one line where there are several tasks; all return an exit status. */
int cli_report_json(const cli_job *job);
int cli_report_skipped(const cli_job *job); /* and the line, unless --quiet */
/* Why there is none: of a task that failed, or of a picture with all its seeds; of_task 0: of all of them, before the
 * first. */
int cli_report_error_json(const cli_job *job, int of_task);

#endif
