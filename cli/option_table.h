/* The table of options and the commands that take them: the command line, help, manual and completions are read from it
 * and written of it. */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "img2vid/img2vid.h"

#include <stddef.h>
#include <stdint.h>

/* The library's types, and two of the program's own. */
typedef enum cli_type {
    CLI_FLAG = I2V_PARAMETER_FLAG,
    CLI_INTEGER = I2V_PARAMETER_INTEGER,
    CLI_SEED = I2V_PARAMETER_UNSIGNED,
    CLI_BYTES = I2V_PARAMETER_BYTES,
    CLI_NUMBER = I2V_PARAMETER_NUMBER,
    CLI_CHOICE = I2V_PARAMETER_CHOICE,
    CLI_TEXT = I2V_PARAMETER_TEXT,
    CLI_NUMBERS = I2V_PARAMETER_NUMBERS,
    CLI_LORAS = I2V_PARAMETER_LORAS,
    CLI_NAME, /* as CLI_TEXT, one of a list that "help" asks for */
    CLI_SEEDS /* cli_seeds */
} cli_type;

typedef struct cli_option {
    unsigned commands; /* bits of the commands that take it */
    const char *group; /* heading in --help */
    char letter;       /* "-o", or 0 */
    const char *name;  /* "output", without dashes */
    const char *argument;
    cli_type type;
    size_t offset;                  /* of the value in the struct of values */
    double minimum, maximum;        /* of a CLI_INTEGER and a CLI_NUMBER */
    const char *help;               /* lines with '\n' between */
    const i2v_parameter *parameter; /* of the library; NULL: the program's own */
} cli_option;

/* Of one table, for all commands together. */
enum { CLI_MOST_OPTIONS = 128 };

typedef struct cli_command {
    unsigned bit;
    const char *name;
    const char *operand; /* "IMAGE": exactly one is taken, none with --from; NULL: none */
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    const char *examples;
    const cli_option *options; /* at most CLI_MOST_OPTIONS */
    size_t options_count;
    int many;                           /* one or more of operand are taken */
    int json;                           /* --json was given: failures are objects on standard output, too */
    const struct cli_command_list *all; /* of the program, for what another command would take */
    const char *where;                  /* what is read, "jobs.jsonl:3", for messages; NULL: the command line */
    size_t repeated; /* the place of an option that may be given several times, whose values are operands; 0: none */
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

/* The option whose value is at that place in the struct of values; NULL if there is none. */
const cli_option *cli_option_at(const cli_command *command, size_t offset);

/* Its name with dashes, "--max-memory", for messages; "" if there is none. */
typedef struct cli_flag_name {
    char text[40];
} cli_flag_name;
cli_flag_name cli_flag(const cli_command *command, size_t offset);

#endif
