/* Options that set others by a name: --preset and --speed. */
#include "named.h"
#include "exclusions.h"
#include "failure.h"

#include <stdio.h>
#include <string.h>

typedef struct kind {
    size_t offset; /* where the settings have the name */
    const char *(*name)(size_t index);
    i2v_status (*set)(const char *name, i2v_options *options, i2v_params *params, i2v_error *error);
    int (*sets)(const char *name, const i2v_parameter *parameter);
} kind;

static const char *preset_name(size_t index) {
    const i2v_preset *preset = i2v_preset_at(index);
    return preset ? preset->name : NULL;
}

static i2v_status set_preset(const char *name, i2v_options *options, i2v_params *params, i2v_error *error) {
    (void)options;
    return i2v_params_preset(params, name, error);
}

static const char *speed_name(size_t index) {
    const i2v_speed *speed = i2v_speed_at(index);
    return speed ? speed->name : NULL;
}

/* In the order in which they are applied. */
static const kind kinds[] = {
    {CLI_AT(preset), preset_name, set_preset, i2v_preset_sets},
    {CLI_AT(speed), speed_name, i2v_speed_set, i2v_speed_sets},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const kind *kind_of(const cli_option *option) {
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].offset == option->offset) return &kinds[i];
    return NULL;
}

static const char *name_in(const cli_settings *settings, const kind *of) {
    return *(const char *const *)((const char *)settings + of->offset);
}

static int is_all(const kind *of, const char *name) {
    return of->offset == CLI_AT(speed) && name && strcmp(name, CLI_ALL_SPEEDS) == 0;
}

const char *cli_named_at(const cli_option *option, size_t index) {
    return kind_of(option)->name(index);
}

i2v_status cli_named_check(const cli_option *option, const char *name, i2v_error *error) {
    i2v_options options;
    i2v_params params;
    const kind *of = kind_of(option);
    int all = is_all(of, name);
    i2v_options_default(&options);
    i2v_params_default(&params);
    if (!all && strcmp(name, "help") != 0) return of->set(name, &options, &params, error);
    *error = (i2v_error){.status = I2V_ERROR_PARAMETER};
    snprintf(error->message, sizeof error->message, "%s %s is for the command line alone%s; name one here",
             option->name, name, all ? ", with --plan" : "");
    return I2V_ERROR_PARAMETER;
}

/* All rungs set the same. */
static cli_set sets_of(const cli_command *command, const kind *of, const char *name) {
    cli_set bits = {{0}};
    if (is_all(of, name)) name = of->name(0);
    for (size_t i = 0; i < command->options_count; i++) {
        const i2v_parameter *parameter = command->options[i].parameter;
        if (parameter && of->sets(name, parameter)) cli_set_add(&bits, i);
    }
    return bits;
}

cli_set cli_named_sets(const cli_settings *settings, cli_set bits) {
    cli_set all = {{0}};
    for (size_t i = 0; i < KINDS; i++)
        if (cli_given(settings->command, bits, kinds[i].offset))
            all = cli_set_union(all, sets_of(settings->command, &kinds[i], name_in(settings, &kinds[i])));
    return all;
}

/* Presets and rungs set numbers and choices, and static texts. */
static void copy_value(const i2v_parameter *parameter, void *to, const void *from) {
    size_t size = parameter->type == I2V_PARAMETER_NUMBER ? sizeof(double)
                  : parameter->type == I2V_PARAMETER_TEXT ? sizeof(const char *)
                                                          : sizeof(int);
    memcpy((char *)to + parameter->offset, (const char *)from + parameter->offset, size);
}

/* What the name sets, and nothing of given. */
static i2v_status set(const cli_command *command, const kind *of, const char *name, cli_set given, i2v_options *options,
                      i2v_params *params, i2v_error *error) {
    i2v_options other_options = *options;
    i2v_params other_params = *params;
    i2v_status status = of->set(name, &other_options, &other_params, error);
    if (status != I2V_OK) return status;
    cli_set bits = cli_set_minus(sets_of(command, of, name), cli_set_union(given, cli_excluded(command, given)));
    for (size_t i = 0; i < command->options_count; i++) {
        const i2v_parameter *parameter = command->options[i].parameter;
        if (!cli_set_has(&bits, i)) continue;
        if (parameter->settings == I2V_STRUCT_PARAMS)
            copy_value(parameter, params, &other_params);
        else
            copy_value(parameter, options, &other_options);
    }
    return I2V_OK;
}

int cli_named_apply(cli_settings *settings, cli_set given) {
    const cli_command *command = settings->command;
    for (size_t i = 0; i < KINDS; i++) {
        const char *name = name_in(settings, &kinds[i]), *option = cli_option_at(command, kinds[i].offset)->name;
        i2v_error error = {0};
        if (!name || (is_all(&kinds[i], name) && settings->plan)) continue; /* each of them is planned (speeds.c) */
        /* metadata have what the rung came to, and nothing where it set nothing */
        if (!cli_given(command, given, kinds[i].offset)) continue;
        if (is_all(&kinds[i], name))
            return cli_wrong_option(command, option,
                                    "--%s %s plans each of them, with --plan; name one to make a video", option, name);
        if (set(command, &kinds[i], name, given, &settings->options, &settings->params, &error) != I2V_OK)
            return cli_wrong_option(command, option, "%s; --%s help lists them", error.message, option);
    }
    return CLI_PARSED;
}

i2v_status cli_named_set_speed(const cli_settings *settings, const char *name, i2v_options *options, i2v_params *params,
                               i2v_error *error) {
    const kind *speed = &kinds[KINDS - 1];
    return set(settings->command, speed, name, settings->given, options, params, error);
}
