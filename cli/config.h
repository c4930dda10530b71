/* Values of options from the configuration file and from the environment, IMG2VID_MODEL and the like. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "settings.h"

/* Reads both into settings. given: the options on the command line. Those that took a value here are added to
 * *configured. What counts more: the command line, then its --preset, the metadata of --from, the environment, its
 * preset, the file, its preset; of two options that exclude each other, the one from further up. With --from, nothing
 * here decides what the frames are. Returns CLI_PARSED, or the exit status after printing what is wrong. */
int cli_config_apply(cli_settings *settings, cli_set given, cli_set *configured);

/* The options that have their value once those of bits are given: those that a preset sets or that are excluded, too.
 */
cli_set cli_config_covered(const cli_settings *settings, cli_set bits);

/* For --verbose and the log: the file, and the values that took effect. */
void cli_config_say(const cli_settings *settings);

/* Where a run failed: which of its values nobody typed. */
void cli_config_remind(const cli_settings *settings);

#endif
