/* Questions about the table of options. */
#include "option_table.h"

#include <string.h>

int cli_takes(const cli_command *command, const cli_option *option) {
    return (option->commands & command->bit) != 0;
}

const cli_option *cli_option_named(const cli_command *command, const char *name) {
    for (size_t i = 0; i < command->options_count; i++)
        if (strcmp(command->options[i].name, name) == 0) return &command->options[i];
    return NULL;
}

uint64_t cli_option_bit(const cli_command *command, const char *name) {
    const cli_option *option = cli_option_named(command, name);
    return option ? UINT64_C(1) << (option - command->options) : 0;
}

int cli_given(const cli_command *command, uint64_t given, const char *name) {
    return (given & cli_option_bit(command, name)) != 0;
}
