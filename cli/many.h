/* Several pictures, seeds or jobs, one after the other, with one model. */
#ifndef CLI_MANY_H
#define CLI_MANY_H

#include "job.h"

/* Makes every task of a job that was begun, and prints what came of each. A picture that cannot be read is passed over,
 * and a job of a list that fails; any other failure ends the work. make sets job->skipped where it makes nothing. Ends
 * the job and returns the exit status: CLI_FAILED unless all were made. */
int cli_many_run(cli_job *job, i2v_status begun, i2v_status (*make)(cli_job *));

#endif
