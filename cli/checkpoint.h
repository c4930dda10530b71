/* The state of a run beside its output: written while it is made, gone on from by --resume, removed at the end. */
#ifndef CLI_CHECKPOINT_H
#define CLI_CHECKPOINT_H

#include "job.h"

/* Where the state of a task is kept, to be freed; NULL without memory, or where there is no place: an output to
 * standard output has none beside it. */
char *cli_checkpoint_path(const cli_task *task);

/* Wrong usage of the options: prints why and returns CLI_USAGE, else CLI_PARSED. */
int cli_checkpoint_check(const cli_settings *settings);

/* Where --resume is given: takes the seed of the state that is there for a task; 0 if there is none. */
int cli_checkpoint_take_seed(cli_settings *settings);

/* Whether the job's task writes its state, by the options or by the time that job->plan says it will take. */
void cli_checkpoint_decide(cli_job *job);

/* True where --resume is given, the task has no state, and its files are there as it would make them. */
int cli_checkpoint_is_made(cli_job *job);

/* The task's files were found to be there: a state that its run did not come to remove goes. */
void cli_checkpoint_forget(cli_job *job);

/* Before the task's run: sets job->params, and says what it goes on from. */
i2v_status cli_checkpoint_begin(cli_job *job);
/* Of each event of the run: warns of a state that cannot be written. */
void cli_checkpoint_event(cli_job *job, const i2v_event *event);
/* The task's files are written: its state is removed, once the next task has one, so that there is always one. */
void cli_checkpoint_done(cli_job *job);
/* The task was ended: adds to job->error how it is gone on with. Removes a state that is of no use. */
void cli_checkpoint_tell(cli_job *job);
/* At the end of all tasks. */
void cli_checkpoint_close(cli_job *job);

#endif
