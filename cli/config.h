/* Values of options from the configuration file and from the environment, IMG2VID_MODEL and the like. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "settings.h"

/* Reads both into settings. given: the options on the command line. Those that took a value here are added to
 * *configured. What counts more: the command line, then its --preset, what the file of --from says, the environment, its
 * preset, the file, its preset; and of two options that exclude each other the one that comes from further up. A file
 * that is rerun says all that decides what its frames are, so that nothing else is taken for that. Returns CLI_PARSED,
 * or the exit status after printing what is wrong. */
int cli_config_apply(cli_settings *settings, uint64_t given, uint64_t *configured);

/* Where a run failed: which of its values nobody typed. */
void cli_config_remind(const cli_settings *settings);

#endif
