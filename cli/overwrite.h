/* No file that a run reads is one that it writes, and no two that it writes are one. */
#ifndef CLI_OVERWRITE_H
#define CLI_OVERWRITE_H

#include "job.h"

/* Compares the files themselves, not their names. clip_frames: of a clip of the video. For a begun job, whose folders
 * of outputs are there. */
i2v_status cli_overwrite_check(cli_job *job, int clip_frames);

#endif
