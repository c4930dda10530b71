/* Options that exclude each other. */
#ifndef CLI_EXCLUSIONS_H
#define CLI_EXCLUSIONS_H

#include "option_table.h"

/* The options that one of those in given excludes. */
uint64_t cli_excluded(const cli_command *command, uint64_t given);

/* Two of those in given that exclude each other: 1, and which; 0 if there are none. */
int cli_exclusion_find(const cli_command *command, uint64_t given, const cli_option **first, const cli_option **second);

#endif
