/* What --verbose and --log-file tell beside the usual: what computes, the model, parameters, plan, phases. */
#ifndef CLI_DETAIL_H
#define CLI_DETAIL_H

#include "job.h"

/* Of a job that has opened its model. */
void cli_detail_job(cli_job *job);

/* What the run is about to take, by job->plan. */
void cli_detail_plan(const cli_job *job);

/* The task's picture or latents. */
void cli_detail_input(cli_job *job);

/* Phases as they end, where a bar would leave no trace of them; steps and notes in the log alone. */
void cli_detail_event(cli_job *job, const i2v_event *event);

/* The task's times and memory. */
void cli_detail_made(const cli_job *job);

#endif
