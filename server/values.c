/* The parameters of a job, by the library's table. */
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1 << 18 }; /* of a value as text: some 10000 noise levels */

void server_values_begin(server_values *values) {
    i2v_params_default(&values->params);
    i2v_output_default(&values->output);
    i2v_image_options_default(&values->image);
    values->texts = json_array();
}

static void *struct_of(const server_values *values, i2v_struct settings) {
    const void *found = settings == I2V_STRUCT_PARAMS          ? (const void *)&values->params
                        : settings == I2V_STRUCT_OUTPUT        ? (const void *)&values->output
                        : settings == I2V_STRUCT_IMAGE_OPTIONS ? (const void *)&values->image
                                                               : NULL;
    return (void *)(uintptr_t)found;
}

static int is_of_job(const server_values *values, const i2v_parameter *parameter) {
    return parameter->decides && struct_of(values, parameter->settings);
}

void server_values_end(server_values *values) {
    const i2v_parameter *parameter;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++)
        if (is_of_job(values, parameter) && parameter->type == I2V_PARAMETER_NUMBERS)
            i2v_parameter_set(parameter, struct_of(values, parameter->settings), NULL, NULL);
    json_decref(values->texts);
    values->texts = NULL;
}

const i2v_parameter *server_parameter_find(const char *name) {
    static const server_values none;
    const i2v_parameter *parameter = i2v_parameter_find(name);
    return parameter && is_of_job(&none, parameter) ? parameter : NULL;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* "9,3,0", with at most so many bytes a number; NULL if there is something else among them, or without memory. */
static char *list_text(const json_t *array) {
    enum { NUMBER = 32 };
    size_t count = json_array_size(array), used = 0;
    char *text = count ? malloc(count * NUMBER) : NULL;
    for (size_t i = 0; text && i < count; i++) {
        const json_t *number = json_array_get(array, i);
        if (!json_is_number(number)) {
            free(text);
            return NULL;
        }
        used += (size_t)snprintf(text + used, NUMBER, "%s%.17g", i ? "," : "", json_number_value(number));
    }
    return text;
}

/* What i2v_parameter_set reads; allocated, NULL for what no parameter has. */
static char *value_text(const i2v_parameter *parameter, const json_t *value) {
    char number[40];
    switch (json_typeof(value)) {
    case JSON_STRING:
        return strdup(json_string_value(value));
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return strdup(number);
    case JSON_REAL:
        snprintf(number, sizeof number, "%.17g", json_real_value(value));
        return strdup(number);
    case JSON_TRUE:
    case JSON_FALSE:
        return strdup(json_is_true(value) ? "true" : "false");
    case JSON_ARRAY:
        return parameter->type == I2V_PARAMETER_NUMBERS ? list_text(value) : NULL;
    default:
        return NULL;
    }
}

int server_values_set(server_values *values, const i2v_parameter *parameter, const json_t *value,
                      server_problem *problem) {
    i2v_error error = {0};
    void *place = struct_of(values, parameter->settings);
    char *text = value_text(parameter, value);
    /* what is kept as a pointer must last as long as the struct */
    json_t *kept = text ? json_string(text) : NULL;
    free(text);
    if (!kept || json_array_append_new(values->texts, kept) != 0)
        return server_refuse(problem, 400, "invalid_value", parameter->name, "%s has a value of the wrong type",
                             parameter->name);
    i2v_parameter_set(parameter, place, NULL, NULL);
    if (i2v_parameter_set(parameter, place, json_string_value(kept), &error) == I2V_OK) return 1;
    return server_refuse_error(problem, &error, parameter->name);
}

int server_values_read(server_values *values, const json_t *object, server_problem *problem) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        const i2v_parameter *parameter = server_parameter_find(name);
        if (!parameter)
            return server_refuse(problem, 500, "server_error", name, "the job has %s, which this img2vid has not",
                                 name);
        if (!server_values_set(values, parameter, value, problem)) return 0;
    }
    return 1;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static json_t *numbers_json(const char *text) {
    json_t *array = json_array();
    while (*text) {
        char *end;
        json_array_append_new(array, json_real(strtod(text, &end)));
        if (end == text) break;
        text = end + (*end == ',');
    }
    return array;
}

static json_t *value_json(const i2v_parameter *parameter, const char *text) {
    switch (parameter->type) {
    case I2V_PARAMETER_FLAG:
        return json_boolean(strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
    case I2V_PARAMETER_INTEGER:
        return json_integer(strtoll(text, NULL, 10));
    case I2V_PARAMETER_UNSIGNED: {
        uint64_t number = strtoull(text, NULL, 10);
        /* what a number of JavaScript cannot hold is text */
        return number >> 53 ? json_string(text) : json_integer((json_int_t)number);
    }
    case I2V_PARAMETER_NUMBER:
        return json_real(strtod(text, NULL));
    case I2V_PARAMETER_NUMBERS:
        return numbers_json(text);
    default:
        return json_string(text);
    }
}

json_t *server_values_json(const server_values *values) {
    const i2v_parameter *parameter;
    json_t *object = json_object();
    char *text = malloc(LONGEST);
    for (size_t i = 0; object && text && (parameter = i2v_parameter_at(i)); i++) {
        if (!is_of_job(values, parameter)) continue;
        const void *place = struct_of(values, parameter->settings);
        if (i2v_parameter_get(parameter, place, text, LONGEST, NULL) != I2V_OK || !*text) continue;
        if (json_object_set_new(object, parameter->name, value_json(parameter, text)) == 0) continue;
        json_decref(object);
        object = NULL;
    }
    if (!text) {
        json_decref(object);
        object = NULL;
    }
    free(text);
    return object;
}

/* ---- what they come to ------------------------------------------------------------------------------------------ */

i2v_image_options server_values_image(const server_values *values, uint64_t max_memory) {
    const i2v_params *params = &values->params;
    i2v_image_options options = values->image;
    int is_original = params->fit == I2V_FIT_DIFFUSERS || params->fit == I2V_FIT_COMFYUI;
    options.max_memory = max_memory;
    options.width = is_original ? 0 : params->width;
    options.height = is_original ? 0 : params->height;
    options.fit = params->fit;
    return options;
}

int64_t server_values_frames(const server_values *values) {
    int64_t clip = values->params.num_frames;
    int64_t frames = clip + values->params.extend * (clip - 1);
    return values->output.loop && frames > 2 ? 2 * frames - 2 : frames;
}

double server_values_rate(const server_values *values) {
    return values->output.fps > 0 ? values->output.fps : values->params.fps;
}
