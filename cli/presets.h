/* --preset: another program's defaults. */
#ifndef CLI_PRESETS_H
#define CLI_PRESETS_H

#include "settings.h"

/* The settings of --preset, where options did not give others. Returns CLI_PARSED or an exit status. */
int cli_preset_apply(cli_settings *settings, cli_set given);

/* The options whose values that preset says; none if there is no such preset. */
cli_set cli_preset_sets(const cli_command *command, const char *name);

/* --preset help: all of them with their values, on standard output. Returns an exit status. */
int cli_presets_list(const cli_command *command);

#endif
