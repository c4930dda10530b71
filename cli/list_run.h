/* generate --jobs: the jobs of a list, one after the other. */
#ifndef CLI_LIST_RUN_H
#define CLI_LIST_RUN_H

#include "job.h"

/* Makes what is left to make of the list in settings, or plans it with --plan. make: makes the job's task. Returns the
 * exit status: CLI_FAILED unless all was made or was there. */
int cli_list_run(const cli_settings *settings, i2v_status (*make)(cli_job *));

/* For cli_many_run: opens the task's model and, unless the task is finished or known to fail, gets it ready. *go_on: it
 * is to be made. */
i2v_status cli_list_prepare(cli_job *job, int *go_on);

#endif
