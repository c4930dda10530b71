/* One line of a list of jobs: its keys, and the jobs that its arrays make. */
#include "list_line.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"
#include "list_values.h"
#include "option_json.h"
#include "suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* What other programs and older habits call the picture. */
static int means_image(const char *key) {
    static const char *const names[] = {"input",      "images",     "picture", "input_image", "init_image",
                                        "image_path", "input_path", "file",    "img"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], key) == 0) return 1;
    return 0;
}

/* Options as keys, in place: "--num-frames" becomes "num_frames". */
static void spell_as_keys(char *text) {
    char *to = text;
    for (const char *c = text; *c;) {
        int is_option = c[0] == '-' && c[1] == '-' && islower((unsigned char)c[2]);
        if (is_option)
            for (c += 2; islower((unsigned char)*c) || *c == '-'; c++) *to++ = *c == '-' ? '_' : *c;
        else
            *to++ = *c++;
    }
    *to = 0;
}

static int refuse_key(const cli_list *list, const char *key) {
    const cli_command *command = &list->command;
    char argument[200], meant[300] = "; did you mean image?";
    char name[64];
    for (size_t i = 0; i < command->options_count; i++) {
        cli_option_key(&command->options[i], name);
        if (strcmp(name, key) == 0)
            return cli_wrong_usage(command, "%s is for the command line alone%s", key,
                                   command->options[i].offset == CLI_AT(seeds) ? "; give an array as seed" : "");
    }
    snprintf(argument, sizeof argument, "--%s", key);
    if (!means_image(key) && i2v_unlikeness(key, CLI_LIST_IMAGE) >= I2V_UNLIKE)
        cli_suggest_option(meant, sizeof meant, command, argument);
    spell_as_keys(meant);
    return cli_wrong_usage(command, "'%.100s' is no parameter of a job%s", key, meant);
}

static int check_keys(const cli_list *list, const json_t *root) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)root, key, value) {
        if (strcmp(key, CLI_LIST_IMAGE) != 0 && !cli_list_option(&list->command, key)) return refuse_key(list, key);
    }
    return CLI_PARSED;
}

/* ---- defaults that multiply ------------------------------------------------------------------------------------- */

/* Puts a list of the command line where the job has no value of its own; 0 without memory. */
static int add_default(json_t *root, const char *key, json_t *array) {
    const json_t *own = json_object_get(root, key);
    if (!array || (own && !json_is_null(own)) || json_array_size(array) == 0) {
        int has_memory = array != NULL;
        json_decref(array);
        return has_memory;
    }
    return json_object_set_new(root, key, array) == 0;
}

static int add_defaults(json_t *root, const cli_settings *base) {
    json_t *images = json_array(), *seeds = json_array();
    const cli_option *seed = cli_option_at(base->command, CLI_AT(params.seed));
    for (size_t i = 0; i < base->operands.count; i++) cli_json_append(&images, json_string(base->operands.items[i]));
    for (size_t i = 0; i < base->seeds.count; i++) cli_json_append(&seeds, cli_json_seed(base->seeds.values[i]));
    int has_images = add_default(root, CLI_LIST_IMAGE, images);
    return add_default(root, seed->name, seeds) && has_images;
}

/* ---- what multiplies -------------------------------------------------------------------------------------------- */

/* A list is the value of such a parameter; an array of lists multiplies. */
static int is_axis(const cli_list *list, const char *key, const json_t *value) {
    const cli_option *option = cli_list_option(&list->command, key);
    int takes_list = option && (option->type == CLI_NUMBERS || option->type == CLI_LORAS);
    return json_is_array(value) && (!takes_list || json_is_array(json_array_get(value, 0)));
}

/* The jobs of the line into *count. */
static int count_jobs(const cli_list *list, const json_t *root, size_t *count) {
    const char *key;
    json_t *value;
    *count = 1;
    json_object_foreach((json_t *)(uintptr_t)root, key, value) {
        size_t values = is_axis(list, key, value) ? json_array_size(value) : 1;
        if (json_is_array(value) && json_array_size(value) == 0)
            return cli_wrong_usage(&list->command, "%s is an empty array; give a value, or leave it out", key);
        if (values > CLI_MOST_JOBS || *count * values > CLI_MOST_JOBS - list->count)
            return cli_wrong_usage(&list->command,
                                   "these arrays make more jobs than the %d that a list may have; make two lists",
                                   CLI_MOST_JOBS);
        *count *= values;
    }
    if (*count > CLI_MOST_JOBS - list->count)
        return cli_wrong_usage(&list->command, "this is more than the %d jobs that a list may have; make two lists",
                               CLI_MOST_JOBS);
    return CLI_PARSED;
}

/* The values of job number `number`, from 0, of `count`: the last key changes from each job to the next. NULL without
 * memory. */
static json_t *values_at(const cli_list *list, const json_t *root, size_t number, size_t count) {
    const char *key;
    json_t *value, *values = json_object();
    json_object_foreach((json_t *)(uintptr_t)root, key, value) {
        if (is_axis(list, key, value)) {
            size_t size = json_array_size(value);
            count /= size;
            value = json_array_get(value, number / count % size);
        }
        cli_json_set(&values, key, json_deep_copy(value));
    }
    return values;
}

static int add_jobs(cli_list *list, const json_t *root, int line, const cli_settings *base, cli_set given) {
    size_t count;
    int status = count_jobs(list, root, &count);
    for (size_t i = 0; status == CLI_PARSED && i < count; i++) {
        cli_list_entry entry = {.line = line, .number = (int)list->count + 1};
        entry.values = values_at(list, root, i, count);
        status = entry.values ? cli_list_values(list, &entry, base, given)
                              : cli_refuse(&list->command, I2V_ERROR_MEMORY, "not enough memory for its jobs");
        if (status == CLI_PARSED && !cli_list_add(list, &entry))
            status = cli_refuse(&list->command, I2V_ERROR_MEMORY, "not enough memory for its jobs");
        if (status != CLI_PARSED) cli_list_entry_free(&entry);
    }
    return status;
}

int cli_list_line(cli_list *list, const char *text, int line, const cli_settings *base, cli_set given) {
    json_error_t problem = {0};
    const cli_command *command = &list->command;
    json_t *root = cli_json_read(text, JSON_REJECT_DUPLICATES, &problem);
    int status = CLI_PARSED;
    if (!root)
        status = cli_wrong_usage(command, "column %d: %s; a job is one JSON object on one line", problem.column,
                                 problem.text);
    else if (!json_is_object(root))
        status = cli_wrong_usage(command, "this is an array; a job is one JSON object on one line");
    if (status == CLI_PARSED) status = check_keys(list, root);
    if (status == CLI_PARSED && !add_defaults(root, base))
        status = cli_refuse(command, I2V_ERROR_MEMORY, "not enough memory for its jobs");
    if (status == CLI_PARSED) status = add_jobs(list, root, line, base, given);
    json_decref(root);
    return status;
}
