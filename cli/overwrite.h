/* No file that a run reads is one that it writes, and no two that it writes are one. */
#ifndef CLI_OVERWRITE_H
#define CLI_OVERWRITE_H

#include "job.h"

/* Frames of each video file of the job's task. clip_frames: of a clip of it. */
int cli_file_frames(const cli_job *job, int clip_frames);

/* Compares the files themselves, not their names. clip_frames: of a clip of the video;
 * of a list, what its entries say counts. For a begun job, whose folders
 * of outputs are there. */
i2v_status cli_overwrite_check(cli_job *job, int clip_frames);

#endif
