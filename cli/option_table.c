/* Questions about the table of options. */
#include "option_table.h"

#include <stdio.h>
#include <string.h>

int cli_takes(const cli_command *command, const cli_option *option) {
    return (option->commands & command->bit) != 0;
}

const cli_option *cli_option_named(const cli_command *command, const char *name) {
    for (size_t i = 0; i < command->options_count; i++)
        if (strcmp(command->options[i].name, name) == 0) return &command->options[i];
    return NULL;
}

const cli_option *cli_option_at(const cli_command *command, size_t offset) {
    for (size_t i = 0; i < command->options_count; i++)
        if (command->options[i].offset == offset) return &command->options[i];
    return NULL;
}

cli_flag_name cli_flag(const cli_command *command, size_t offset) {
    const cli_option *option = cli_option_at(command, offset);
    cli_flag_name name = {""};
    if (option) snprintf(name.text, sizeof name.text, "--%.30s", option->name);
    return name;
}
