/* A table of options reads the command line and prints --help, so that the two agree. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

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
    int many; /* one or more of operand are taken */
    int json; /* --json was given: failures are objects on standard output, too */
    const struct cli_command_list *all; /* of the program, for what another command would take */
} cli_command;

/* All commands, which share one table of options. */
typedef struct cli_command_list {
    const cli_command *const *commands;
    size_t count;
} cli_command_list;

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
int cli_parse(const cli_command *command, int argc, char **argv, void *values, cli_operands *operands, uint64_t *given);

/* True if the arguments hold --json: it counts for what is wrong with them, too. */
int cli_asks_for_json(int argc, char **argv);

/* Reads one of "first|second|..." as its place; 0 if it is none of them. */
int cli_read_choice(int *value, const char *choices, const char *text);

/* Reads text as the option's value into values; a flag's is "true", "false", "1" or "0". Returns CLI_PARSED, or the
 * exit status and what is wrong, which can follow the option's name: "must be at least 1, not 0". */
int cli_option_read(const cli_option *option, void *values, const char *text, char *problem, size_t size);

/* "a whole number": what an option takes, for messages. */
const char *cli_expected(const cli_option *option);

/* The option of that name (without dashes), whichever commands take it; NULL if there is none. */
const cli_option *cli_option_named(const cli_command *command, const char *name);

/* The option's bit among those given; 0 if there is none of that name. */
uint64_t cli_option_bit(const cli_command *command, const char *name);

/* True if the option of that name was there. */
int cli_given(const cli_command *command, uint64_t given, const char *name);

#endif
