/* Several pictures or seeds, one after the other, with one model. */
#ifndef CLI_MANY_H
#define CLI_MANY_H

#include "job.h"

/* Makes every task of a job that was begun, and prints what came of each. A picture that cannot be read is passed over;
 * any other failure ends the work. Ends the job and returns the exit status: CLI_FAILED unless all were made. */
int cli_many_run(cli_job *job, i2v_status begun, i2v_status (*make)(cli_job *));

#endif
