/* Looks at all jobs of a list before the first one runs. */
#ifndef CLI_LIST_CHECK_H
#define CLI_LIST_CHECK_H

#include "job.h"

/* For a prepared job: looks at pictures, models, parameters and outputs, and notes in the list's entries what is
 * finished and what will fail, which it tells of with the line's number. What concerns the list as a whole ends it: a
 * model that is not there, a file in the way, one that is read and written. CLI_DONE, or the exit status after printing
 * what is wrong. */
int cli_list_check(cli_job *job);

#endif
