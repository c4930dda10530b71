/* What came of a task: one JSON object on standard output, on one line where there are several tasks. */
#ifndef CLI_REPORT_JSON_H
#define CLI_REPORT_JSON_H

#include "job.h"

#include <jansson.h>

/* All return an exit status. The first prints any object, of which it takes the reference, in that form; of a job of a
 * list, with its number and its line. */
int cli_report_print(const cli_job *job, json_t *object);
int cli_report_made_json(const cli_job *job);
int cli_report_skipped_json(const cli_job *job);
/* Why there is none: of a task that failed, or of a picture with all its seeds; of_task 0: of all of them, before the
 * first. */
int cli_report_error_json(const cli_job *job, int of_task);

#endif
