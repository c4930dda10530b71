/* What the values of all settings say together. */
#ifndef CLI_SETTINGS_CHECK_H
#define CLI_SETTINGS_CHECK_H

#include "settings.h"

/* Checks them, applies --preset, and settles what depends on several: steps, seed, whether parts stay loaded. known:
 * the options that have a value, on the command line, in a list or by configuration (given), or from --from. Returns
 * CLI_PARSED, or an exit status after printing what is wrong. */
int cli_settings_check(cli_settings *settings, cli_set given, cli_set known);

/* The parts of it that hold for the defaults of a list of jobs. */
int cli_settings_check_exclusions(const cli_command *command, cli_set given, cli_set known);
int cli_settings_draw_seed(cli_settings *settings);

#endif
