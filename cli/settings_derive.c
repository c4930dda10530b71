/* Settings made of others: those of a job in a list are the command line's, with values of its own. */
#include "settings_derive.h"

#include <stdlib.h>
#include <string.h>

static int copy_numbers(cli_settings *to, const cli_settings *from) {
    size_t count = from->params.sigmas_count;
    to->params.sigmas = NULL;
    to->params.sigmas_count = 0;
    if (count == 0) return 1;
    double *copy = malloc(count * sizeof *copy);
    if (!copy) return 0;
    memcpy(copy, from->params.sigmas, count * sizeof *copy);
    to->params.sigmas = copy;
    to->params.sigmas_count = count;
    return 1;
}

static int copy_loras(cli_settings *to, const cli_settings *from) {
    size_t count = from->options.loras_count;
    to->options.loras = NULL;
    to->options.loras_count = 0;
    if (count == 0) return 1;
    i2v_lora *copy = calloc(count, sizeof *copy);
    if (!copy) return 0;
    to->options.loras = copy;
    for (size_t i = 0; i < count; i++) {
        copy[i] = (i2v_lora){strdup(from->options.loras[i].path), from->options.loras[i].scale};
        to->options.loras_count = i + 1;
        if (!copy[i].path) return 0;
    }
    return 1;
}

int cli_settings_derive(cli_settings *to, const cli_settings *from) {
    *to = *from;
    to->operands = (cli_operands){0};
    to->seeds = (cli_seeds){0};
    to->found_image = NULL;
    to->metadata = NULL;
    to->environment = to->config = (cli_config_list){0};
    to->list = NULL;
    int has_numbers = copy_numbers(to, from);
    return copy_loras(to, from) && has_numbers;
}

void cli_settings_reset(cli_settings *settings, cli_set bits) {
    const cli_command *command = settings->command;
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        char *value = (char *)settings + option->offset;
        if (!cli_set_has(&bits, i)) continue;
        if (option->parameter)
            i2v_parameter_set(option->parameter, value - option->parameter->offset, NULL, NULL);
        else if (option->type == CLI_TEXT || option->type == CLI_NAME)
            *(const char **)value = NULL;
    }
}
