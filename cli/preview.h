/* --preview: a file that shows the video as it becomes. */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H

#include "job.h"

/* Are the options for previews well used? CLI_PARSED, or the exit status after printing what is not. Asks the library
 * for previews where an option does. */
int cli_preview_check(cli_settings *settings);

/* Finds out how the terminal shows previews. Where it does not, and there is no file, cli_job_select has none made. */
void cli_preview_begin(cli_job *job);

/* Can the file be written? */
i2v_status cli_preview_prepare(cli_job *job);

/* Of an event with a preview, writes the file anew. Where that fails it warns, once, and the run goes on. */
void cli_preview_save(cli_job *job, const i2v_event *event);

#endif
