/* Values of options as JSON. */
#include "option_json.h"
#include "json.h"
#include "json_print.h"
#include "loras.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_option_key(const cli_option *option, char key[64]) {
    snprintf(key, 64, "%s", option->name);
    for (char *c = key; *c; c++)
        if (*c == '-') *c = '_';
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static json_t *choice_json(const char *choices, int index) {
    for (; index > 0; index--) choices += strcspn(choices, "|") + 1;
    return json_stringn(choices, strcspn(choices, "|"));
}

static json_t *numbers_json(const i2v_params *params) {
    json_t *array = json_array();
    for (size_t i = 0; i < params->sigmas_count; i++) cli_json_append(&array, json_real(params->sigmas[i]));
    return array;
}

static json_t *loras_json(const i2v_options *options) {
    json_t *array = json_array();
    for (size_t i = 0; i < options->loras_count; i++) {
        char *text = cli_lora_text(&options->loras[i]);
        cli_json_append(&array, text ? cli_json_text(text) : NULL);
        free(text);
    }
    return array;
}

json_t *cli_option_json(const cli_option *option, const cli_settings *settings) {
    const void *value = (const char *)settings + option->offset;
    switch (option->type) {
    case CLI_TEXT:
    case CLI_NAME:
        return cli_json_text(*(const char *const *)value);
    case CLI_INTEGER:
        return *(const int *)value < option->minimum ? json_null() : json_integer(*(const int *)value);
    case CLI_SEED:
        return cli_json_seed(*(const uint64_t *)value);
    case CLI_NUMBER:
        return *(const double *)value == 0 && option->minimum > 0 ? json_null() : json_real(*(const double *)value);
    case CLI_NUMBERS:
        return settings->params.sigmas_count ? numbers_json(&settings->params) : json_null();
    case CLI_LORAS:
        return settings->options.loras_count ? loras_json(&settings->options) : json_null();
    case CLI_BYTES:
        return json_integer((json_int_t) * (const uint64_t *)value);
    case CLI_CHOICE:
        return choice_json(option->argument, *(const int *)value);
    case CLI_FLAG:
        return json_boolean(*(const int *)value);
    case CLI_SEEDS: /* a file has one of them, as seed */
        break;
    }
    return NULL;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int has_type(const cli_option *option, const json_t *value) {
    switch (option->type) {
    case CLI_INTEGER:
    case CLI_BYTES:
        return json_is_integer(value);
    case CLI_SEED: /* a large one is text */
        return json_is_integer(value) || json_is_string(value);
    case CLI_NUMBER:
        return json_is_number(value);
    case CLI_FLAG:
        return json_is_boolean(value);
    case CLI_NUMBERS:
    case CLI_LORAS:
        return json_array_size(value) > 0;
    default:
        return json_is_string(value);
    }
}

/* The numbers as an option takes them, "9,3,0"; NULL if there is something else among them, or without memory. */
static char *list_text(const json_t *array) {
    enum { LONGEST = 32 };
    size_t count = json_array_size(array), used = 0;
    char *text = malloc(count * LONGEST);
    for (size_t i = 0; text && i < count; i++) {
        const json_t *number = json_array_get(array, i);
        if (!json_is_number(number)) {
            free(text);
            return NULL;
        }
        used += (size_t)snprintf(text + used, LONGEST, "%s%.17g", i ? "," : "", json_number_value(number));
    }
    return text;
}

typedef struct {
    const cli_option *option;
    cli_settings *settings;
    char *problem; /* of a value out of range, what the range is */
    size_t size;
} reading;

static int read_text(reading *at, const char *text) {
    char problem[400];
    int status = text ? cli_option_read(at->option, at->settings, text, problem, sizeof problem) : CLI_USAGE;
    const char *range = status == CLI_FAILED ? strstr(problem, "; ") : NULL;
    snprintf(at->problem, at->size, "%s", range ? range + 2 : "");
    return status == CLI_PARSED;
}

static int read_list(reading *at, const json_t *array) {
    int good = 1;
    if (at->option->type == CLI_LORAS) {
        for (size_t i = 0; good && i < json_array_size(array); i++)
            good = read_text(at, json_string_value(json_array_get(array, i)));
        return good;
    }
    char *text = list_text(array);
    good = read_text(at, text);
    free(text);
    return good;
}

int cli_option_read_json(const cli_option *option, cli_settings *settings, const json_t *value, char *problem,
                         size_t size) {
    char number[40];
    reading at = {option, settings, problem, size};
    *problem = '\0';
    if (option->type == CLI_SEEDS || !has_type(option, value)) return 0;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return read_text(&at, json_string_value(value));
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return read_text(&at, number);
    case JSON_REAL:
        snprintf(number, sizeof number, "%.17g", json_real_value(value));
        return read_text(&at, number);
    case JSON_ARRAY:
        return read_list(&at, value);
    default:
        return read_text(&at, json_is_true(value) ? "true" : "false");
    }
}
