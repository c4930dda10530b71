/* Reads the command line by the table of options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "option_set.h"

/* Arguments that are no options. */
typedef struct cli_operands {
    char **items; /* the beginning of argv, where they were moved */
    size_t count;
} cli_operands;

/* All but the first: what was asked for in place of work. */
enum { CLI_PARSED = 0, CLI_HELP = -1, CLI_LIST = -2, CLI_HELP_ALL = -3, CLI_VERSION = -4 };

/* Reads argv[0..argc) (what follows the command's name) into values, which holds the defaults. *given has bit i set if
 * options[i] was there. Returns CLI_PARSED, CLI_HELP, CLI_HELP_ALL, CLI_VERSION, CLI_LIST ("help" for a CLI_NAME), or
 * the exit status after printing what is wrong. */
int cli_parse(const cli_command *command, int argc, char **argv, void *values, cli_operands *operands, cli_set *given);

/* True if the arguments hold --json: it counts for what is wrong with them, too. */
int cli_asks_for_json(int argc, char **argv);

/* Reads text as the option's value into values; a flag's is "true", "false", "1" or "0". Returns CLI_PARSED, or the
 * exit status and what is wrong, which can follow the option's name: "is 0; it must be between 1 and 8192". */
int cli_option_read(const cli_option *option, void *values, const char *text, char *problem, size_t size);

#endif
