/* What was probably meant by an option or a command that there is not. Nothing is guessed: it is only said. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include "option_table.h"

/* The end of the message about an argument that is no option of command, such as "; did you mean --num-frames?"; "" if
 * nothing is like it. */
void cli_suggest_option(char *text, size_t size, const cli_command *command, const char *argument);

/* The same of what is no command. */
void cli_suggest_command(char *text, size_t size, const cli_command_list *list, const char *name);

#endif
