/* Sets of options: which were given, which have their value from elsewhere. */
#ifndef CLI_OPTION_SET_H
#define CLI_OPTION_SET_H

#include "option_table.h"

/* Of one table: bit i stands for option number i, from the lowest bit of the first word on. Begin with all zero. */
typedef struct cli_set {
    uint64_t words[CLI_MOST_OPTIONS / 64];
} cli_set;

/* The option whose value is at that place; nothing if there is none. */
cli_set cli_set_of(const cli_command *command, size_t offset);

/* True if the option of that number is in it. */
int cli_set_has(const cli_set *set, size_t number);

void cli_set_add(cli_set *set, size_t number);

/* What is in one of them or both. */
cli_set cli_set_union(cli_set a, cli_set b);

/* What is in a and not in b. */
cli_set cli_set_minus(cli_set a, cli_set b);

/* True if it is in the set. */
int cli_given(const cli_command *command, cli_set given, size_t offset);

#endif
