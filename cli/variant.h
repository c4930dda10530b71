/* A job's run, changed. */
#ifndef CLI_VARIANT_H
#define CLI_VARIANT_H

#include "job.h"

typedef struct cli_variant {
    i2v_params params;
    i2v_options options;
} cli_variant;

/* The run as it is. */
cli_variant cli_variant_of(const cli_job *job);

/* The engine to make it on: the job's own, or, of another dtype or tiny decoder, another. Opening that reads headers
 * alone; where it fails, *engine has the message, as i2v_open's. To be closed in any case. */
i2v_status cli_variant_open(i2v_engine **engine, const cli_job *job, const cli_variant *variant);
void cli_variant_close(i2v_engine *engine, const cli_job *job);

/* Plans of a job's runs. An engine that is another than the job's is kept for those after it, so that what differs
 * between two plans is not that the machine was timed twice. Zeros to begin with. */
typedef struct cli_variant_plans {
    i2v_engine *engine; /* NULL: none */
    i2v_dtype dtype;    /* and what it was asked for by: lasts as long as the job's settings */
    const char *tiny_decoder;
} cli_variant_plans;

/* What it would take. */
i2v_status cli_variant_plan(i2v_memory_plan *plan, cli_variant_plans *plans, const cli_job *job,
                            const cli_variant *variant);

void cli_variant_plans_end(cli_variant_plans *plans);

#endif
