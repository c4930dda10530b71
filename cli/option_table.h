/* The table of options and the commands that take them: the command line, help, manual and completions are read from it
 * and written of it. */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

typedef enum cli_type {
    CLI_FLAG,    /* int, 1 when given */
    CLI_TEXT,    /* const char *, not empty */
    CLI_NAME,    /* likewise, one of a list that "help" asks for */
    CLI_INTEGER, /* int */
    CLI_SEED,    /* uint64_t */
    CLI_NUMBER,  /* double */
    CLI_NUMBERS, /* cli_numbers */
    CLI_SEEDS,   /* cli_seeds */
    CLI_BYTES,   /* uint64_t */
    CLI_CHOICE,  /* int or enum: the place of the value in argument, "first|second|..." */
    CLI_LORAS    /* cli_loras: one more each time the option is given */
} cli_type;

typedef struct cli_option {
    unsigned commands; /* bits of the commands that take it */
    const char *group; /* heading in --help */
    char letter;       /* "-o", or 0 */
    const char *name;  /* "output", without dashes */
    const char *argument;
    cli_type type;
    size_t offset; /* of the value in the struct of values */
    /* of a CLI_INTEGER. For values the library reads as "the model's own"; it checks all others. Of a CLI_NUMBER, 1
     * says that 0 is such a value */
    int minimum;
    const char *help; /* lines with '\n' between */
} cli_option;

typedef struct cli_command {
    unsigned bit;
    const char *name;
    const char *operand; /* "IMAGE": exactly one is taken, none with --from; NULL: none */
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    const char *examples;
    const cli_option *options; /* at most 64 */
    size_t options_count;
    int many;                           /* one or more of operand are taken */
    int json;                           /* --json was given: failures are objects on standard output, too */
    const struct cli_command_list *all; /* of the program, for what another command would take */
} cli_command;

/* All commands, which share one table of options. */
typedef struct cli_command_list {
    const cli_command *const *commands;
    size_t count;
} cli_command_list;

/* 1 if the command takes the option. */
int cli_takes(const cli_command *command, const cli_option *option);

/* The option of that name (without dashes), whichever commands take it; NULL if there is none. */
const cli_option *cli_option_named(const cli_command *command, const char *name);

/* The option's bit among those given; 0 if there is none of that name. */
uint64_t cli_option_bit(const cli_command *command, const char *name);

/* True if the option of that name was there. */
int cli_given(const cli_command *command, uint64_t given, const char *name);

#endif
