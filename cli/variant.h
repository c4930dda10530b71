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

/* What it would take. Another dtype is another engine, of which headers are read. */
i2v_status cli_variant_plan(i2v_memory_plan *plan, const cli_job *job, const cli_variant *variant);

#endif
