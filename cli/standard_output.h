/* -o -: the video goes to standard output once it is whole: most kinds need a file that can be gone back in. */
#ifndef CLI_STANDARD_OUTPUT_H
#define CLI_STANDARD_OUTPUT_H

#include "job.h"

int cli_is_standard_output(const char *path);

/* Does what was asked for go together with it? CLI_PARSED, or the exit status after printing what does not. */
int cli_standard_output_check(const cli_settings *settings, int format_given);

/* Can the file be written that the video is in meanwhile? */
i2v_status cli_standard_output_prepare(cli_job *job);

/* Writes job->video. */
i2v_status cli_standard_output_save(cli_job *job, const i2v_output *output);

#endif
