/* The command line's way to write names of parameters: the library's "max_memory" is "--max-memory". */
#ifndef CLI_SPELLING_H
#define CLI_SPELLING_H

#include "option_table.h"

/* "max-memory" of "max_memory", into a text of `size` bytes, which is given back. */
const char *cli_spell_name(char *text, size_t size, const char *name);

/* A parameter's help, in which names stand between backticks. The same. */
const char *cli_spell_help(char *text, size_t size, const char *help);

/* A message of the library, in place: names of parameters that are options become those. */
void cli_spell_error(const cli_command *command, i2v_error *error);

#endif
