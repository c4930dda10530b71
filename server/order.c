/* What a client asks for, checked. */
#include "order.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that other services of SVD use. */
static const struct {
    const char *alias, *name;
} aliases[] = {{"cond_aug", "noise_aug_strength"}, {"frames_per_second", "fps"}};

/* Fields that are no parameters of the library. */
static const char *const others[] = {"model", "prompt", "size", "seconds", "input_reference", "image_url"};

int server_order_is_picture(const char *name) {
    return strcmp(name, "input_reference") == 0 || strcmp(name, "image_url") == 0;
}

static int is_other(const char *name) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i], name) == 0) return 1;
    return 0;
}

static const i2v_parameter *find(const char *name) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].alias, name) == 0) return i2v_parameter_find(aliases[i].name);
    return server_parameter_find(name);
}

static void nearer(const char *written, const char *candidate, const char **best, int *least) {
    int unlike = i2v_unlikeness(written, candidate);
    if (unlike >= *least) return;
    *least = unlike;
    *best = candidate;
}

static int refuse_unknown(const char *name, server_problem *problem) {
    const i2v_parameter *parameter;
    const char *best = NULL;
    int least = I2V_UNLIKE;
    if (!*name) return server_refuse(problem, 400, "unknown_parameter", NULL, "a parameter has no name");
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++)
        if (server_parameter_find(parameter->name)) nearer(name, parameter->name, &best, &least);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) nearer(name, others[i], &best, &least);
    int is_ours = i2v_parameter_find(name) != NULL;
    return server_refuse(problem, 400, "unknown_parameter", name, "there is no parameter %.100s %s%s%s", name,
                         is_ours ? "for clients" : "here", best && !is_ours ? "; did you mean " : "",
                         best && !is_ours ? best : "");
}

/* ---- the library's parameters ----------------------------------------------------------------------------------- */

typedef struct reading {
    const json_t *fields;
    server_values values;
    server_problem *problem;
} reading;

static int has(const reading *at, const char *name) {
    const json_t *value = json_object_get(at->fields, name);
    return value && !json_is_null(value);
}

/* 1 if the field or another name for it is there. */
static int is_given(const reading *at, const i2v_parameter *parameter) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].name, parameter->name) == 0 && has(at, aliases[i].alias)) return 1;
    return has(at, parameter->name);
}

static int read_field(reading *at, const char *name, const json_t *value) {
    const i2v_parameter *parameter = find(name);
    if (is_other(name) || json_is_null(value)) return 1;
    if (!parameter) return refuse_unknown(name, at->problem);
    if (strcmp(parameter->name, name) != 0 && has(at, parameter->name))
        return server_refuse(at->problem, 400, "invalid_value", name, "%s and %s are the same: give one of them", name,
                             parameter->name);
    return server_values_set(&at->values, parameter, value, at->problem);
}

static int read_fields(reading *at) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)at->fields, name, value) {
        if (!read_field(at, name, value)) return 0;
    }
    return 1;
}

/* ---- OpenAI's names --------------------------------------------------------------------------------------------- */

/* A text, or with NULL none; 0 if it is something else. */
static int read_text(reading *at, const char *name, const char **text) {
    const json_t *value = json_object_get(at->fields, name);
    *text = json_string_value(value);
    if (!value || json_is_null(value) || *text) return 1;
    return server_refuse(at->problem, 400, "invalid_value", name, "%s is to be a text", name);
}

/* "1024x576", and nothing else in it. */
static int read_pair(const char *text, int *width, int *height) {
    static const char digits[] = "0123456789";
    size_t first = strspn(text, digits), second = text[first] == 'x' ? strspn(text + first + 1, digits) : 0;
    if (first < 1 || first > 5 || second < 1 || second > 5 || text[first + 1 + second]) return 0;
    *width = atoi(text);
    *height = atoi(text + first + 1);
    return *width > 0 && *height > 0;
}

static int read_size(reading *at) {
    const char *text;
    int width, height;
    if (!read_text(at, "size", &text) || !text) return text == NULL && !at->problem->http;
    if (!read_pair(text, &width, &height))
        return server_refuse(at->problem, 400, "invalid_value", "size",
                             "size takes width and height in pixels, such as 1024x576, not %.40s", text);
    if (is_given(at, i2v_parameter_find("width")) || is_given(at, i2v_parameter_find("height")))
        return server_refuse(at->problem, 400, "invalid_value", "size",
                             "size and width or height exclude each other: give one of them");
    at->values.params.width = width;
    at->values.params.height = height;
    return 1;
}

/* A length in seconds is a number of frames, at the rate at which they are played. */
static int read_seconds(reading *at) {
    const json_t *value = json_object_get(at->fields, "seconds");
    const char *text = json_string_value(value);
    char *end = NULL;
    if (!value || json_is_null(value)) return 1;
    double seconds = text ? strtod(text, &end) : json_number_value(value);
    /* strtod reads hexadecimal numbers and blanks, too */
    int is_decimal = text && *text && !*end && strspn(text, "0123456789.eE+-") == strlen(text);
    if (!(text ? is_decimal : json_is_number(value)) || !(seconds > 0 && seconds < 1e6))
        return server_refuse(at->problem, 400, "invalid_value", "seconds",
                             "seconds takes a length of time, such as 4 or \"3.5\"");
    if (is_given(at, i2v_parameter_find("num_frames")))
        return server_refuse(at->problem, 400, "invalid_value", "seconds",
                             "seconds and num_frames exclude each other: give one of them");
    double frames = floor(seconds * server_values_rate(&at->values) + 0.5);
    at->values.params.num_frames = frames < 1 ? 1 : frames > 1e6 ? 1000000 : (int)frames;
    return 1;
}

static int find_model(reading *at, const server_models *models, server_order *order) {
    const char *name;
    if (!read_text(at, "model", &name)) return 0;
    order->model = server_models_find(models, name);
    return order->model != NULL || server_models_refuse(name, at->problem);
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static int check_limits(const reading *at, const server_settings *limits) {
    const i2v_params *params = &at->values.params;
    int64_t pixels = (int64_t)params->width * params->height, frames = server_values_frames(&at->values);
    if (params->num_videos > 1 && params->video_index < 0)
        return server_refuse(at->problem, 400, "invalid_value", "num_videos",
                             "a job makes one video: ask once for each, with other seeds, or with video_index");
    if (pixels > limits->max_pixels)
        return server_refuse(at->problem, 400, "too_large", "size",
                             "%dx%d are more pixels than the %d that this server makes at most", params->width,
                             params->height, limits->max_pixels);
    if (frames > limits->max_frames)
        return server_refuse(at->problem, 400, "too_long", "num_frames",
                             "a video of %lld frames is longer than the %d frames that this server makes at most",
                             (long long)frames, limits->max_frames);
    return 1;
}

static int draw_seed(reading *at) {
    if (is_given(at, i2v_parameter_find("seed"))) return 1;
    return server_random_seed(&at->values.params.seed) ||
           server_refuse(at->problem, 500, "server_error", "seed", "the system gives no random seed; give one");
}

/* Codec, quality and rate are what the kind of file can hold. */
static int check_output(const reading *at, const server_folder *folder) {
    i2v_error error = {0};
    char *path = server_folder_file(folder, SERVER_VIDEO, "video");
    i2v_status status = path ? i2v_video_check_output(path, &at->values.output, &error) : I2V_ERROR_MEMORY;
    free(path);
    server_folder_hide(folder, error.message);
    return status == I2V_OK ||
           server_refuse_error(at->problem, &error, is_given(at, i2v_parameter_find("codec")) ? "codec" : NULL);
}

static int make(server_order *order, reading *at, const server_models *models, const server_settings *limits,
                const server_folder *folder) {
    int good = find_model(at, models, order) && read_text(at, "prompt", &order->prompt) && read_fields(at) &&
               read_size(at) && read_seconds(at) && draw_seed(at);
    if (!good) return 0;
    server_models_fill(order->model, &at->values, is_given(at, i2v_parameter_find("max_guidance_scale")));
    if (!check_limits(at, limits) || !check_output(at, folder) ||
        !server_models_plan(order->model, &at->values, &order->seconds, at->problem))
        return 0;
    order->image = server_values_image(&at->values, limits->options.max_memory);
    order->parameters = server_values_json(&at->values);
    return order->parameters != NULL || server_refuse(at->problem, 500, "server_error", NULL, "not enough memory");
}

int server_order_make(server_order *order, const json_t *fields, const server_models *models,
                      const server_settings *limits, const server_folder *folder, server_problem *problem) {
    reading at = {.fields = fields, .problem = problem};
    *order = (server_order){0};
    server_values_begin(&at.values);
    int good = make(order, &at, models, limits, folder);
    server_values_end(&at.values);
    return good;
}
