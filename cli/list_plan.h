/* generate --jobs --plan: what each job of a list takes, and all of them. */
#ifndef CLI_LIST_PLAN_H
#define CLI_LIST_PLAN_H

#include "job.h"

/* For a job whose list was checked. Returns an exit status. */
int cli_list_plan(cli_job *job);

#endif
