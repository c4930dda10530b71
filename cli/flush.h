/* Files that were written are brought to the disk, so that a loss of power takes none of them. */
#ifndef CLI_FLUSH_H
#define CLI_FLUSH_H

#include "job.h"

/* Those of the task's videos. What cannot be brought there comes there by itself, in time. */
void cli_flush_outputs(const cli_job *job);

#endif
