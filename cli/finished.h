/* A second call with a list of jobs: what the first one made is recognised by the parameters in the files. */
#ifndef CLI_FINISHED_H
#define CLI_FINISHED_H

#include "job.h"

typedef enum cli_finding {
    CLI_TO_MAKE,  /* there is nothing, or a part of what the job makes */
    CLI_FINISHED, /* all that the job makes is there, made with its parameters */
    CLI_IN_WAY    /* a file is there that was made with others; job->error says which */
} cli_finding;

/* Looks at the files of the job's task, whose model is open and whose file_frames are known. A file without a place for
 * parameters is taken by --skip-existing alone (existing.h); else it is to be made. */
cli_finding cli_finished_find(cli_job *job);

#endif
