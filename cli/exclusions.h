/* Options that exclude each other. */
#ifndef CLI_EXCLUSIONS_H
#define CLI_EXCLUSIONS_H

#include "option_set.h"

/* The options that one of those in given excludes. */
cli_set cli_excluded(const cli_command *command, cli_set given);

/* Two of those in given that exclude each other: 1, and which; 0 if there are none. */
int cli_exclusion_find(const cli_command *command, cli_set given, const cli_option **first, const cli_option **second);

#endif
