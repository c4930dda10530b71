/* Plans of the jobs of a list, most of which are like their neighbours'. */
#ifndef CLI_PLANNER_H
#define CLI_PLANNER_H

#include "job.h"

/* The last plan, and what it was made of. All zeros: there is none. */
typedef struct cli_planner {
    i2v_params params;
    const cli_settings *opened;
    i2v_memory_plan plan;
} cli_planner;

/* Plans the job's task into job->plan, whose model is open. What neither the size of the work nor its course depends
 * on, as the seed, needs no new plan. The failure is in job->error, too. */
i2v_status cli_planner_plan(cli_planner *planner, cli_job *job);

#endif
