/* What makes a run of hours shorter, and at which price: one table for the run itself and for all pages of help. */
#ifndef CLI_SHORTER_H
#define CLI_SHORTER_H

#include "job.h"

/* Of a job with its plan, which takes long: adds two lines to its notes, what it takes and what would make it shorter
 * here. Nothing where the plan is below an hour for all tasks of the command line, of which a job of a
 * list is by itself. */
void cli_shorter_note(cli_job *job);

#endif
