/* The rungs of --speed: what they do, and what they would take here. */
#ifndef CLI_SPEEDS_H
#define CLI_SPEEDS_H

#include "job.h"

/* --speed help: all of them, on standard output. Returns an exit status. */
int cli_speeds_list(void);

/* --plan --speed all: time and memory of the job's run by each of them, as a table on standard output, or as JSON;
 * options that are given count for all. A rung that is another by them has no nearness, and the table says by which. */
void cli_speeds_print(const cli_job *job);
json_t *cli_speeds_json(const cli_job *job);

#endif
