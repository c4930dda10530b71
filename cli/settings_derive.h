/* Settings made of others. */
#ifndef CLI_SETTINGS_DERIVE_H
#define CLI_SETTINGS_DERIVE_H

#include "settings.h"

/* Makes *to the same as from, with lists of its own; it shares from's strings, and has not what from read: metadata,
 * configuration, seeds, a list of jobs. 0 without memory; to be freed in every case. */
int cli_settings_derive(cli_settings *to, const cli_settings *from);

/* Gives those options their defaults back. */
void cli_settings_reset(cli_settings *settings, cli_set bits);

#endif
