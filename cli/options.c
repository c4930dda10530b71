/* Reads the command line by the table of options. */
#include "options.h"
#include "failure.h"
#include "message.h"
#include "numbers.h"
#include "suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* CLI_USAGE: it is of another type. CLI_FAILED: it is out of range. */
static int read_value(const cli_option *option, void *values, const char *text, i2v_error *error) {
    const i2v_parameter parameter = {.name = option->name,
                                     .type = option->type == CLI_NAME ? I2V_PARAMETER_TEXT
                                                                      : (i2v_parameter_type)option->type,
                                     .offset = option->offset,
                                     .minimum = option->minimum,
                                     .maximum = option->maximum,
                                     .argument = option->argument};
    switch (i2v_parameter_set(&parameter, values, text, error)) {
    case I2V_OK:
        return CLI_PARSED;
    case I2V_ERROR_FORMAT:
        return CLI_USAGE;
    default:
        return CLI_FAILED;
    }
}

int cli_option_read(const cli_option *option, void *values, const char *text, char *problem, size_t size) {
    i2v_error error = {0};
    if (option->type == CLI_SEEDS) {
        if (cli_read_seeds((cli_seeds *)((char *)values + option->offset), text)) return CLI_PARSED;
        snprintf(problem, size, "takes different seeds and ranges such as 1,2,5-9, 10000 at most, not '%.200s'", text);
        return CLI_USAGE;
    }
    int status = read_value(option, values, text, &error);
    /* the sentence begins with the name */
    if (status != CLI_PARSED) snprintf(problem, size, "%s", error.message + strlen(option->name) + 1);
    return status;
}

static int set_value(const cli_command *command, const cli_option *option, void *values, const char *text) {
    char problem[400];
    int status = cli_option_read(option, values, text, problem, sizeof problem);
    if (status == CLI_USAGE) return cli_wrong_option(command, option->name, "--%s %s", option->name, problem);
    if (status == CLI_FAILED) return cli_refuse_option(command, option->name, "--%s %s", option->name, problem);
    return status;
}

/* ---- the command line ------------------------------------------------------------------------------------------- */

typedef struct cursor {
    const cli_command *command;
    int argc, next;
    char **argv;
    void *values;
    cli_operands *operands;
    cli_set *given;
} cursor;

/* The option that argument names: "--name", "--name=value", "-o" or "-ovalue"; *value is what is attached, or NULL. */
static const cli_option *find_option(const cli_command *command, const char *argument, const char **value) {
    int is_long = argument[1] == '-';
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        if (!cli_takes(command, option)) continue;
        if (is_long ? strlen(option->name) == length && memcmp(option->name, name, length) == 0
                    : option->letter == argument[1]) {
            *value = is_long ? (name[length] ? name + length + 1 : NULL) : (*name ? name : NULL);
            return option;
        }
    }
    return NULL;
}

static int refuse_unknown(const cli_command *command, const char *argument) {
    char meant[300];
    cli_suggest_option(meant, sizeof meant, command, argument);
    return cli_wrong_usage(command, "unknown option '%s'%s", argument, meant);
}

/* "-o=a.mp4", which would write a file "=a.mp4", and "-output", which would write "utput": whoever types these means
 * something else. */
static int check_attached(const cli_command *command, const cli_option *option, const char *argument,
                          const char *value) {
    if (argument[1] == '-' || !value) return CLI_PARSED;
    if (*value == '=')
        return cli_wrong_option(command, option->name, "'%s' has a = too many; did you mean -%c %s?", argument,
                                option->letter, value + 1);
    const char *long_value = NULL;
    char *twice = NULL;
    if (asprintf(&twice, "-%s", argument) < 0) return CLI_PARSED;
    const cli_option *meant = find_option(command, twice, &long_value);
    int status = CLI_PARSED;
    if (meant)
        status = cli_wrong_option(command, meant->name, "'%s' has a dash too few; did you mean %s?", argument, twice);
    free(twice);
    return status;
}

static int parse_option(cursor *at, const char *argument) {
    const cli_command *command = at->command;
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) return CLI_HELP;
    if (strcmp(argument, "--help-all") == 0) return CLI_HELP_ALL;
    if (strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0) return CLI_VERSION;
    const char *value = NULL;
    const cli_option *option = find_option(command, argument, &value);
    if (!option) return refuse_unknown(command, argument);
    int status = check_attached(command, option, argument, value);
    if (status != CLI_PARSED) return status;
    cli_set_add(at->given, (size_t)(option - command->options));
    if (option->type == CLI_FLAG) {
        if (value) return cli_wrong_option(command, option->name, "--%s takes no argument", option->name);
        *(int *)((char *)at->values + option->offset) = 1;
        return CLI_PARSED;
    }
    /* what looks like the next option is not taken for a value; --name=--value says that it is one */
    if (!value && at->next < at->argc && strncmp(at->argv[at->next], "--", 2) != 0) value = at->argv[at->next++];
    if (!value)
        return cli_wrong_option(command, option->name, "--%s lacks its argument %s", option->name, option->argument);
    status = set_value(command, option, at->values, value);
    if (command->repeated && option->offset == command->repeated)
        at->operands->items[at->operands->count++] = (char *)(uintptr_t)value;
    return status == CLI_PARSED && option->type == CLI_NAME && strcmp(value, "help") == 0 ? CLI_LIST : status;
}

static int parse_operand(cursor *at, char *argument) {
    const cli_command *command = at->command;
    if (!command->operand) return cli_wrong_usage(command, "'%s' is too many: options only", argument);
    if (at->operands->count && !command->many)
        return cli_wrong_usage(command, "one %s only; '%s' is too many", command->operand, argument);
    if (!*argument) return cli_wrong_usage(command, "%s is empty", command->operand);
    at->operands->items[at->operands->count++] = argument;
    return CLI_PARSED;
}

/* A file says what they are. */
static int stands_for_operands(const cli_command *command, cli_set given) {
    static const char *const files[] = {"from", "jobs"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const cli_option *option = cli_option_named(command, files[i]);
        if (option && cli_given(command, given, option->offset)) return 1;
    }
    return 0;
}

int cli_parse(const cli_command *command, int argc, char **argv, void *values, cli_operands *operands, cli_set *given) {
    cursor at = {command, argc, 0, argv, values, operands, given};
    int status = CLI_PARSED, options_ended = 0;
    *operands = (cli_operands){argv, 0};
    *given = (cli_set){{0}};
    while (status == CLI_PARSED && at.next < argc) {
        char *argument = argv[at.next++];
        if (!options_ended && strcmp(argument, "--") == 0)
            options_ended = 1;
        else if (!options_ended && argument[0] == '-' && argument[1])
            status = parse_option(&at, argument);
        else
            status = parse_operand(&at, argument);
    }
    if (status == CLI_PARSED && command->operand && !operands->count && !stands_for_operands(command, *given))
        return cli_wrong_usage(command, "%s is missing", command->operand);
    return status;
}

int cli_asks_for_json(int argc, char **argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return 1;
    return 0;
}
