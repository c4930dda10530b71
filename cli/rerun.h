/* generate --from: runs again what made a video, by the metadata in its file. */
#ifndef CLI_RERUN_H
#define CLI_RERUN_H

#include "job.h"

/* Takes from the file of settings->from what the command line leaves open: parameters, model and picture. *known gets
 * the bits of all options that have a value, given or taken. Returns CLI_PARSED or an exit status. */
int cli_rerun_apply(cli_settings *settings, cli_set given, cli_set *known);

/* The model, picture or noise must be those of the metadata; if they are given on the command line and are others,
 * that is said and no more. All do nothing without --from. */
i2v_status cli_rerun_check_model(cli_job *job);
i2v_status cli_rerun_check_image(cli_job *job);
i2v_status cli_rerun_check_latents(cli_job *job);

#endif
