/* What came of a task: one JSON object on standard output, on one line where there are several tasks. */
#ifndef CLI_REPORT_JSON_H
#define CLI_REPORT_JSON_H

#include "job.h"

/* All return an exit status. */
int cli_report_made_json(const cli_job *job);
int cli_report_skipped_json(const cli_job *job);
/* Why there is none: of a task that failed, or of a picture with all its seeds; of_task 0: of all of them, before the
 * first. */
int cli_report_error_json(const cli_job *job, int of_task);

#endif
