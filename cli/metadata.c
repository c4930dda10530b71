/* The metadata of a video: one JSON object, written and read. */
#include "metadata.h"
#include "address.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"
#include "message.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parameters that decide what the file becomes. A row is all that a new one needs: the option of that name says
 * its type and where it is kept. The key is the name with '_' for '-'. */
static const struct parameter {
    const char *option;
    const char *unless; /* not taken from metadata where this option is given on the command line */
} parameters[] = {
    {"model", NULL},
    {"variant", NULL},
    {"unet", NULL},
    {"vae", NULL},
    {"image-encoder", NULL},
    {"frame-decoder", NULL},
    {"revision", "model"},
    {"lora", NULL},
    {"width", NULL},
    {"height", NULL},
    {"fit", NULL},
    {"alpha", NULL},
    {"num-frames", NULL},
    {"num-videos", NULL},
    {"video-index", "num-videos"},
    {"extend", NULL},
    {"seed", "seeds"},
    {"rng", NULL},
    {"latents", NULL},
    {"num-inference-steps", "sigmas"},
    {"sigmas", "num-inference-steps"},
    {"scheduler", NULL},
    {"sigma-schedule", "sigmas"},
    {"guidance-shape", NULL},
    {"min-guidance-scale", NULL},
    {"max-guidance-scale", NULL},
    {"fps", NULL},
    {"motion-bucket-id", NULL},
    {"noise-aug-strength", NULL},
    {"noise-aug", NULL},
    {"decode-chunk-size", NULL},
    {"dtype", NULL},
    {"crf", "quality"},
    {"quality", "crf"},
    {"codec", NULL},
    {"loop", NULL},
    {"playback-fps", NULL},
};
#define PARAMETERS (sizeof parameters / sizeof *parameters)

/* Keys that are no options. */
static const char *const facts[] = {"program", "version",      "command",        "model_sha256",
                                    "image",   "image_sha256", "latents_sha256", "backend"};

static void key_of(const struct parameter *parameter, char key[64]) {
    snprintf(key, 64, "%s", parameter->option);
    for (char *c = key; *c; c++)
        if (*c == '-') *c = '_';
}

/* NULL if the command has no such option. */
static const cli_option *option_of(const struct parameter *parameter, const cli_command *command) {
    const cli_option *option = cli_option_named(command, parameter->option);
    return option && cli_takes(command, option) ? option : NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static json_t *choice_json(const char *choices, int index) {
    for (; index > 0; index--) choices += strcspn(choices, "|") + 1;
    return json_stringn(choices, strcspn(choices, "|"));
}

static json_t *numbers_json(const cli_numbers *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) cli_json_append(&array, json_real(list->values[i]));
    return array;
}

static json_t *loras_json(const cli_loras *loras) {
    json_t *array = json_array();
    for (size_t i = 0; i < loras->count; i++) {
        char *text = cli_lora_text(&loras->list[i]);
        cli_json_append(&array, text ? cli_json_text(text) : NULL);
        free(text);
    }
    return array;
}

/* null: left to the model or the format, which is below an option's minimum. */
static json_t *value_json(const cli_option *option, const void *value) {
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
        return ((const cli_numbers *)value)->count ? numbers_json(value) : json_null();
    case CLI_LORAS:
        return ((const cli_loras *)value)->count ? loras_json(value) : json_null();
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

/* What the settings came to: sizes and dtype that were left open are what the model chose. */
static cli_settings resolved(const cli_job *job, int index) {
    cli_settings settings = *job->settings;
    settings.params = job->params;
    settings.options.dtype = job->model.dtype;
    if (job->params.video_index < 0) settings.params.video_index = index;
    const i2v_model_info *model = &job->model;
    if (!settings.params.width) settings.params.width = job->video ? job->video->width : model->width;
    if (!settings.params.height) settings.params.height = job->video ? job->video->height : model->height;
    if (!settings.params.num_frames) settings.params.num_frames = model->num_frames;
    if (job->video) settings.params.num_frames = job->video->clip_frames;
    return settings;
}

static const char *text_or_null(const char *text) {
    return *text ? text : NULL;
}

/* Passwords in an address are for nobody else. */
static json_t *image_json(const char *image) {
    if (!cli_is_address(image)) return cli_json_text(image);
    char *bare = cli_address_without_password(image);
    json_t *text = bare ? cli_json_text(bare) : NULL;
    free(bare);
    return text;
}

static json_t *build(cli_job *job, int index) {
    const cli_settings settings = resolved(job, index);
    const cli_command *command = settings.command;
    if (job->video && !job->model_sha256[0] &&
        cli_job_engine_result(job, i2v_model_hash(job->engine, job->model_sha256)) != I2V_OK)
        return NULL;
    json_t *object = json_pack("{s:s, s:s, s:s, s:o}", "program", "img2vid", "version", i2v_version(), "command",
                               command->name, "model_sha256", cli_json_text(text_or_null(job->model_sha256)));
    if (command->bit == CLI_GENERATE) {
        cli_json_set(&object, "image", image_json(job->task.input));
        cli_json_set(&object, "image_sha256", cli_json_text(text_or_null(job->image_sha256)));
    } else {
        cli_json_set(&object, "latents", cli_json_text(settings.operand));
    }
    if (job->latents_sha256[0]) cli_json_set(&object, "latents_sha256", cli_json_text(job->latents_sha256));
    for (size_t i = 0; i < PARAMETERS; i++) {
        char key[64];
        const cli_option *option = option_of(&parameters[i], command);
        /* sigmas have the last word on steps */
        if (!option || (settings.sigmas.count && strcmp(option->name, "num-inference-steps") == 0)) continue;
        key_of(&parameters[i], key);
        cli_json_set(&object, key, value_json(option, (const char *)&settings + option->offset));
    }
    cli_json_set(&object, "backend", cli_json_text(job->model.backend));
    return object;
}

/* With as few digits as give every number back. */
static char *dump(const json_t *object) {
    for (int digits = 15; digits <= 17; digits++) {
        char *text = cli_json_dump(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(digits));
        json_t *again = text ? json_loads(text, 0, NULL) : NULL;
        int same = again && json_equal(object, again);
        json_decref(again);
        if (!text || same || digits == 17) return text;
        free(text);
    }
    return NULL;
}

char *cli_metadata_text(cli_job *job, int index) {
    json_t *object = build(job, index);
    char *text = object ? dump(object) : NULL;
    json_decref(object);
    return text;
}

i2v_status cli_metadata_check(cli_job *job) {
    enum { NOT_YET_KNOWN = 512 }; /* hashes and sizes */
    char *text = cli_metadata_text(job, 0);
    size_t size = text ? strlen(text) : 0;
    free(text);
    if (size <= I2V_METADATA_MAX - NOT_YET_KNOWN) return I2V_OK;
    return cli_job_fail(job, I2V_ERROR_PARAMETER,
                        "the parameters are too long a text to be kept in the file: give fewer --sigmas or shorter "
                        "paths, or --no-metadata");
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

json_t *cli_metadata_read(const char *path, i2v_error *error) {
    char *text = NULL;
    *error = (i2v_error){0};
    if (i2v_metadata_load(path, &text, error) != I2V_OK) return NULL;
    json_error_t reason = {0};
    json_t *root = text ? cli_json_read(text, JSON_REJECT_DUPLICATES, &reason) : NULL;
    i2v_metadata_free(text);
    const char *program = json_string_value(json_object_get(root, "program"));
    if (program && strcmp(program, "img2vid") == 0) return root;
    json_decref(root);
    error->status = json_error_code(&reason) == json_error_out_of_memory ? I2V_ERROR_MEMORY : I2V_ERROR_FORMAT;
    snprintf(error->message, sizeof error->message, "%s has no metadata of img2vid%s%s", path,
             *reason.text ? ", or it is damaged: " : "", reason.text);
    return NULL;
}

static int read_numbers(cli_numbers *list, const json_t *array) {
    size_t count = json_array_size(array);
    double *values = count ? malloc(count * sizeof *values) : NULL;
    int good = values != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = json_is_number(json_array_get(array, i));
        values[i] = json_number_value(json_array_get(array, i));
    }
    if (good) {
        free(list->values);
        *list = (cli_numbers){values, count};
    } else {
        free(values);
    }
    return good;
}

static int read_loras(cli_loras *loras, const json_t *array) {
    int good = json_array_size(array) > 0;
    for (size_t i = 0; good && i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        good = text && cli_read_lora(loras, text);
    }
    return good;
}

/* The value of an option from JSON; 0 if it is of another type or out of range. */
static int read_value(const cli_option *option, void *target, const json_t *value) {
    const char *text = json_string_value(value);
    json_int_t integer = json_integer_value(value);
    switch (option->type) {
    case CLI_TEXT:
    case CLI_NAME:
        if (text && *text) *(const char **)target = text;
        return text && *text;
    case CLI_INTEGER:
        if (!json_is_integer(value) || integer < option->minimum || integer > INT_MAX) return 0;
        *(int *)target = (int)integer;
        return 1;
    case CLI_SEED:
        if (text) return cli_read_seed(target, text);
        /* fall through */
    case CLI_BYTES:
        if (!json_is_integer(value) || integer < 0) return 0;
        *(uint64_t *)target = (uint64_t)integer;
        return 1;
    case CLI_NUMBER:
        if (json_is_number(value)) *(double *)target = json_number_value(value);
        return json_is_number(value);
    case CLI_NUMBERS:
        return read_numbers(target, value);
    case CLI_LORAS:
        return read_loras(target, value);
    case CLI_CHOICE:
        return text && cli_read_choice(target, option->argument, text);
    case CLI_FLAG:
        *(int *)target = json_is_true(value);
        return json_is_boolean(value);
    case CLI_SEEDS:
        break;
    }
    return 0;
}

static int fail_value(const cli_settings *settings, const cli_option *option, const char *key, const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    int status =
        cli_refuse(settings->command, I2V_ERROR_FORMAT,
                   "the metadata in %s has %s for %s, which is not %s%s; give another with --%s", settings->from,
                   text && strlen(text) < 60 ? text : "something else", key, cli_expected(option),
                   option->type == CLI_INTEGER ? " in its range" : "", option->name);
    free(text);
    return status;
}

int cli_metadata_apply(const json_t *metadata, cli_settings *settings, uint64_t given, uint64_t *known) {
    const cli_command *command = settings->command;
    *known = given;
    for (size_t i = 0; i < PARAMETERS; i++) {
        char key[64];
        const cli_option *option = option_of(&parameters[i], command);
        key_of(&parameters[i], key);
        const json_t *value = json_object_get(metadata, key);
        if (!option || !value || json_is_null(value) || cli_given(command, given, option->name) ||
            (parameters[i].unless && cli_given(command, given, parameters[i].unless)))
            continue;
        if (!read_value(option, (char *)settings + option->offset, value))
            return fail_value(settings, option, key, value);
        *known |= UINT64_C(1) << (option - command->options);
    }
    return CLI_PARSED;
}

uint64_t cli_metadata_decides(const cli_command *command) {
    uint64_t bits = 0;
    for (size_t i = 0; i < PARAMETERS; i++) {
        bits |= cli_option_bit(command, parameters[i].option);
        if (parameters[i].unless) bits |= cli_option_bit(command, parameters[i].unless);
    }
    return bits;
}

static int is_known(const char *name) {
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (strcmp(facts[i], name) == 0) return 1;
    for (size_t i = 0; i < PARAMETERS; i++) {
        char key[64];
        key_of(&parameters[i], key);
        if (strcmp(key, name) == 0) return 1;
    }
    return 0;
}

void cli_metadata_unknown(const json_t *metadata, char *text, size_t size) {
    const char *name;
    json_t *value;
    size_t used = 0;
    *text = 0;
    json_object_foreach((json_t *)(uintptr_t)metadata, name, value) {
        if (is_known(name)) continue;
        int length = snprintf(text + used, size - used, "%s%.40s", used ? ", " : "", name);
        used += (size_t)length;
        if (used >= size) break;
    }
    if (used >= size) strcpy(text + size - 4, "...");
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

/* As dump, and strings bare. */
static char *value_text(const json_t *value) {
    if (json_is_string(value)) return strdup(json_string_value(value));
    return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

void cli_metadata_print(const json_t *metadata) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, name, value) {
        if (json_is_null(value)) continue;
        char *text = value_text(value);
        cli_line(stdout, "  %-20s %s", name, text ? text : "?");
        free(text);
    }
}

void cli_metadata_say(cli_job *job) {
    json_t *object = build(job, 0);
    for (size_t i = 0; object && i < PARAMETERS; i++) {
        char key[64];
        key_of(&parameters[i], key);
        const json_t *value = json_object_get(object, key);
        char *text = value && !json_is_null(value) ? value_text(value) : NULL;
        if (text) cli_say(job->settings->verbose, "  %s = %s", parameters[i].option, text);
        free(text);
    }
    json_decref(object);
}
