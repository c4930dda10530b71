/* The settings of one job of a list. A value that the job has stands before the command line's, as that one does before
 * the configuration's. */
#include "list_values.h"
#include "config.h"
#include "failure.h"
#include "named.h"
#include "option_json.h"
#include "settings_check.h"
#include "settings_derive.h"
#include "standard_output.h"

#include <stdlib.h>
#include <string.h>

/* What is said once, for all jobs. */
static const size_t not_of_a_job[] = {CLI_AT(jobs),    CLI_AT(shard),    CLI_AT(overwrite), CLI_AT(skip_existing),
                                      CLI_AT(seeds),   CLI_AT(format),   CLI_AT(from),      CLI_AT(plan),
                                      CLI_AT(json),    CLI_AT(quiet),    CLI_AT(preview),   CLI_AT(show),
                                      CLI_AT(verbose), CLI_AT(log_file), CLI_AT(no_config), CLI_AT(output.no_replace)};

const cli_option *cli_list_option(const cli_command *command, const char *key) {
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        char name[64];
        cli_option_key(option, name);
        if (strcmp(name, key) != 0) continue;
        int is_alone = !cli_takes(command, option);
        for (size_t k = 0; k < sizeof not_of_a_job / sizeof *not_of_a_job; k++)
            is_alone |= not_of_a_job[k] == option->offset;
        return is_alone ? NULL : option;
    }
    return NULL;
}

/* ---- one value -------------------------------------------------------------------------------------------------- */

/* What JSON has for such a value. */
static const char *expected(const cli_option *option) {
    switch (option->type) {
    case CLI_FLAG:
        return "true or false";
    case CLI_NUMBER:
        return "a number";
    case CLI_INTEGER:
        return "a whole number";
    case CLI_SEED:
        return "a whole number from 0, from 2^63 on as text";
    case CLI_BYTES:
        return "a whole number of bytes";
    case CLI_NUMBERS:
        return "an array of numbers";
    case CLI_LORAS:
        return "an array of \"PATH\" or \"PATH:SCALE\"";
    default:
        return "text";
    }
}

/* Of a choice, the sentence that the command line has. */
static int refuse_value(const cli_list *list, const char *key, const cli_option *option, const json_t *value,
                        const char *range) {
    char problem[400] = "", *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    const char *shown = text && strlen(text) < 60 ? text : "such a value";
    const cli_command *command = &list->command;
    cli_settings scratch = {0};
    int status;
    if (*range)
        status = cli_wrong_usage(command, "%s is %s; %s", key, shown, range);
    else if (option->type == CLI_CHOICE && json_is_string(value) &&
             cli_option_read(option, &scratch, json_string_value(value), problem, sizeof problem) != CLI_PARSED)
        status = cli_wrong_usage(command, "%s %s", key, problem);
    else
        status = cli_wrong_usage(command, "%s takes %s, not %s", key, expected(option), shown);
    free(text);
    return status;
}

/* A path may be given as "file:///home/me/a.png", as everywhere. 0 without memory. */
static int take_file_address(json_t *value) {
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!take_file_address(json_array_get(value, i))) return 0;
        return 1;
    }
    const char *text = json_string_value(value);
    char *path = text ? strdup(text) : NULL;
    int has_memory = !text || (path && (!i2v_path_from_url(path) || json_string_set(value, path) == 0));
    free(path);
    return has_memory;
}

static int read_value(cli_list *list, cli_settings *settings, const char *key, json_t *value) {
    char range[100];
    const cli_option *option = cli_list_option(&list->command, key);
    i2v_error error = {0};
    int is_path = option->type == CLI_TEXT || option->type == CLI_LORAS;
    if (is_path && !take_file_address(value))
        return cli_refuse(&list->command, I2V_ERROR_MEMORY, "not enough memory for %s", key);
    if (!cli_option_read_json(option, settings, value, range, sizeof range))
        return refuse_value(list, key, option, value, range);
    if (option->type == CLI_NAME && cli_named_check(option, json_string_value(value), &error) != I2V_OK)
        return cli_wrong_usage(&list->command, "%s", error.message);
    return CLI_PARSED;
}

/* ---- the picture and the output --------------------------------------------------------------------------------- */

static int read_image(const cli_list *list, cli_settings *settings, json_t *value) {
    const cli_command *command = &list->command;
    if (!value) return cli_wrong_usage(command, "image is missing, the picture to start from");
    if (!json_is_string(value) || !*json_string_value(value))
        return cli_wrong_usage(command, "image takes the path or address of a picture, or an array of these");
    if (!take_file_address(value)) return cli_refuse(command, I2V_ERROR_MEMORY, "not enough memory for image");
    settings->operand = json_string_value(value);
    if (strcmp(settings->operand, "-") == 0)
        return cli_wrong_usage(command, "image is standard input, which gives its picture once: name a file");
    return CLI_PARSED;
}

static int check_output(const cli_list *list, const cli_settings *settings) {
    const cli_command *command = &list->command;
    const char *patterns[] = {settings->path, settings->save_latents, settings->sheet};
    if (!settings->path && !settings->plan)
        return cli_wrong_usage(command, "output is missing, the video to write; -o gives it for all jobs");
    if (cli_is_standard_output(settings->path))
        return cli_wrong_usage(command, "output is standard output, which takes one video: name a file");
    for (size_t i = 0; settings->seed_drawn && i < sizeof patterns / sizeof *patterns; i++)
        if (patterns[i] && strstr(patterns[i], "{seed}"))
            return cli_wrong_usage(command,
                                   "%s has {seed}, and there is no seed: a drawn one would be another at the "
                                   "next call",
                                   patterns[i]);
    return CLI_PARSED;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static int is_given(const json_t *value) {
    return value && !json_is_null(value);
}

/* The options that the job itself gives. */
static cli_set own_bits(const cli_list *list, const cli_list_entry *entry) {
    cli_set bits = {{0}};
    const char *key;
    json_t *value;
    json_object_foreach(entry->values, key, value) {
        const cli_option *option = cli_list_option(&list->command, key);
        if (option && is_given(value)) bits = cli_set_union(bits, cli_set_of(&list->command, option->offset));
    }
    return bits;
}

/* Those that with these have their value: of the preset that the job names, and the like, too. */
static cli_set covered_by(const cli_list *list, cli_list_entry *entry, cli_set own) {
    for (size_t i = 0; i < list->command.options_count; i++) {
        const cli_option *option = &list->command.options[i];
        if (option->type != CLI_NAME) continue;
        const char *name = json_string_value(json_object_get(entry->values, option->name));
        if (name)
            *(const char **)((char *)&entry->settings + option->offset) = name;
        else
            own = cli_set_minus(own, cli_set_of(&list->command, option->offset));
    }
    return cli_config_covered(&entry->settings, own);
}

static int read_all(cli_list *list, cli_list_entry *entry) {
    const char *key;
    json_t *value, *image = json_object_get(entry->values, CLI_LIST_IMAGE);
    int status = read_image(list, &entry->settings, image);
    json_object_foreach(entry->values, key, value) {
        if (status != CLI_PARSED) break;
        if (value != image && is_given(value)) status = read_value(list, &entry->settings, key, value);
    }
    return status;
}

int cli_list_values(cli_list *list, cli_list_entry *entry, const cli_settings *base, cli_set given) {
    const cli_command *command = &list->command;
    cli_settings *settings = &entry->settings;
    if (!cli_settings_derive(settings, base))
        return cli_refuse(command, I2V_ERROR_MEMORY, "not enough memory for a job");
    settings->command = command;
    cli_set own = own_bits(list, entry), covered = covered_by(list, entry, own);
    cli_settings_reset(settings, covered);
    if (cli_given(command, own, CLI_AT(params.seed))) settings->seed_drawn = 0;
    int status = read_all(list, entry);
    if (status == CLI_PARSED) status = check_output(list, settings);
    given = cli_set_union(own, cli_set_minus(given, covered));
    if (status == CLI_PARSED) status = cli_settings_check(settings, given, given);
    settings->command = base->command;
    return status;
}
