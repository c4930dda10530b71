/* --preset: another program's defaults. */
#ifndef CLI_PRESETS_H
#define CLI_PRESETS_H

#include "settings.h"

/* --preset help: all of them with their values, on standard output. Returns an exit status. */
int cli_presets_list(const cli_command *command);

#endif
