/* The picture that a run starts from. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "job.h"

/* Reads the file or address into job->image, at the size of the job's videos, so that the original is not held beside
 * the run, within what --max-memory leaves. A size that the model does not take is for the run to refuse. */
i2v_status cli_picture_read(cli_job *job, const char *input);

#endif
