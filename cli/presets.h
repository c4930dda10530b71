/* --preset: another program's defaults. */
#ifndef CLI_PRESETS_H
#define CLI_PRESETS_H

#include "settings.h"

/* The settings of --preset, where options did not give others. Returns CLI_PARSED or an exit status. */
int cli_preset_apply(cli_settings *settings, uint64_t given);

/* --preset help: all of them with their values, on standard output. Returns an exit status. */
int cli_presets_list(void);

#endif
