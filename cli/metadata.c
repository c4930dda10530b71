/* The metadata of a video: one JSON object, written and read. */
#include "metadata.h"
#include "address.h"
#include "error.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"
#include "message.h"
#include "option_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

/* What decides what the file becomes, in its order there: places of options' values. The key is the option's name with
 * '_' for '-'. tests/test_metadata_list.c compares it with the library's table. */
static const struct parameter {
    size_t offset;
    size_t unless; /* not taken from metadata where this option is given on the command line */
} parameters[] = {
    {CLI_AT(model), NONE},
    {CLI_AT(options.variant), NONE},
    {CLI_AT(options.unet), NONE},
    {CLI_AT(options.vae), NONE},
    {CLI_AT(options.image_encoder), NONE},
    {CLI_AT(options.frame_decoder), CLI_AT(options.tiny_decoder)},
    {CLI_AT(options.tiny_decoder), CLI_AT(options.frame_decoder)},
    {CLI_AT(hub.revision), CLI_AT(model)},
    {CLI_AT(options.loras), NONE},
    {CLI_AT(params.width), NONE},
    {CLI_AT(params.height), NONE},
    {CLI_AT(params.fit), NONE},
    {CLI_AT(image.alpha), NONE},
    {CLI_AT(params.num_frames), NONE},
    {CLI_AT(params.num_videos), NONE},
    {CLI_AT(params.video_index), CLI_AT(params.num_videos)},
    {CLI_AT(params.extend), NONE},
    {CLI_AT(params.seed), CLI_AT(seeds)},
    {CLI_AT(params.rng), NONE},
    {CLI_AT(latents), NONE},
    {CLI_AT(params.num_inference_steps), CLI_AT(params.sigmas)},
    {CLI_AT(params.sigmas), CLI_AT(params.num_inference_steps)},
    {CLI_AT(params.scheduler), NONE},
    {CLI_AT(params.sigma_schedule), CLI_AT(params.sigmas)},
    {CLI_AT(params.cache_interval), NONE},
    {CLI_AT(params.cache_branch), NONE},
    {CLI_AT(params.guidance_shape), NONE},
    {CLI_AT(params.guidance_interval), NONE},
    {CLI_AT(params.guidance_every), NONE},
    {CLI_AT(params.forecast_every), NONE},
    {CLI_AT(params.min_guidance_scale), NONE},
    {CLI_AT(params.max_guidance_scale), NONE},
    {CLI_AT(params.fps), NONE},
    {CLI_AT(params.motion_bucket_id), NONE},
    {CLI_AT(params.noise_aug_strength), NONE},
    {CLI_AT(params.noise_aug), NONE},
    {CLI_AT(params.decode_chunk_size), NONE},
    {CLI_AT(options.dtype), NONE},
    {CLI_AT(speed), NONE},
    {CLI_AT(output.crf), CLI_AT(output.quality)},
    {CLI_AT(output.quality), CLI_AT(output.crf)},
    {CLI_AT(output.codec), NONE},
    {CLI_AT(output.loop), NONE},
    {CLI_AT(output.fps), NONE},
};
#define PARAMETERS (sizeof parameters / sizeof *parameters)

/* Keys that are no options. */
static const char *const facts[] = {"program", "version",      "command",        "model_sha256",
                                    "image",   "image_sha256", "latents_sha256", "backend"};

/* NULL if the command has no such option. */
static const cli_option *option_of(const struct parameter *parameter, const cli_command *command) {
    const cli_option *option = cli_option_at(command, parameter->offset);
    return option && cli_takes(command, option) ? option : NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* What the settings came to: sizes, dtype, scheduler and decoder that were left open are what the model chose. */
static cli_settings resolved(const cli_job *job, int index) {
    cli_settings settings = *job->settings;
    settings.params = job->params;
    settings.options.dtype = job->model.dtype;
    settings.options.tiny_decoder = job->model.tiny_decoder;
    if (job->params.video_index < 0) settings.params.video_index = index;
    const i2v_model_info *model = &job->model;
    if (!settings.params.width) settings.params.width = job->video ? job->video->width : model->width;
    if (!settings.params.height) settings.params.height = job->video ? job->video->height : model->height;
    if (settings.params.scheduler == I2V_SCHEDULER_AUTO) settings.params.scheduler = model->sampler;
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

json_t *cli_metadata_json(cli_job *job, int index) {
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
        if (!option || (settings.params.sigmas_count && option->offset == CLI_AT(params.num_inference_steps))) continue;
        cli_option_key(option, key);
        cli_json_set(&object, key, cli_option_json(option, &settings));
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
    json_t *object = cli_metadata_json(job, index);
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
                        "the parameters are too long a text to be kept in the file: give fewer %s or shorter paths, or "
                        "--no-metadata",
                        cli_flag(job->settings->command, CLI_AT(params.sigmas)).text);
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
    int lacks_memory = json_error_code(&reason) == json_error_out_of_memory;
    cli_error_fail(error, lacks_memory ? I2V_ERROR_MEMORY : I2V_ERROR_FORMAT, "%s has no metadata of img2vid%s%s", path,
                   *reason.text ? ", or it is damaged: " : "", reason.text);
    return NULL;
}

/* range: "it must be between 1 and 1000", or "" where it is of another type. */
static int fail_value(const cli_settings *settings, const cli_option *option, const json_t *value, const char *range) {
    char key[64], *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    cli_option_key(option, key);
    int status = cli_refuse(settings->command, I2V_ERROR_FORMAT,
                            "the metadata in %s has %s for %s, which is not %s%s; give another with --%s",
                            settings->from, text && strlen(text) < 60 ? text : "something else", key,
                            *range ? "in its range: " : "what it takes", range, option->name);
    free(text);
    return status;
}

int cli_metadata_apply(const json_t *metadata, cli_settings *settings, cli_set given, cli_set *known) {
    const cli_command *command = settings->command;
    char range[100];
    *known = given;
    for (size_t i = 0; i < PARAMETERS; i++) {
        char key[64];
        const cli_option *option = option_of(&parameters[i], command);
        if (!option) continue;
        cli_option_key(option, key);
        const json_t *value = json_object_get(metadata, key);
        if (!value || json_is_null(value) || cli_given(command, given, option->offset) ||
            cli_given(command, given, parameters[i].unless))
            continue;
        if (!cli_option_read_json(option, settings, value, range, sizeof range))
            return fail_value(settings, option, value, range);
        cli_set_add(known, (size_t)(option - command->options));
    }
    return CLI_PARSED;
}

cli_set cli_metadata_decides(const cli_command *command) {
    cli_set bits = {{0}};
    for (size_t i = 0; i < PARAMETERS; i++) {
        bits = cli_set_union(bits, cli_set_of(command, parameters[i].offset));
        bits = cli_set_union(bits, cli_set_of(command, parameters[i].unless));
    }
    return bits;
}

static int is_known(const cli_command *command, const char *name) {
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (strcmp(facts[i], name) == 0) return 1;
    for (size_t i = 0; i < PARAMETERS; i++) {
        const cli_option *option = cli_option_at(command, parameters[i].offset);
        char key[64] = "";
        if (option) cli_option_key(option, key);
        if (strcmp(key, name) == 0) return 1;
    }
    return 0;
}

void cli_metadata_unknown(const json_t *metadata, const cli_command *command, char *text, size_t size) {
    const char *name;
    json_t *value;
    size_t used = 0;
    *text = 0;
    json_object_foreach((json_t *)(uintptr_t)metadata, name, value) {
        if (is_known(command, name)) continue;
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
    json_t *object = cli_metadata_json(job, 0);
    for (size_t i = 0; object && i < PARAMETERS; i++) {
        const cli_option *option = cli_option_at(job->settings->command, parameters[i].offset);
        char key[64] = "";
        if (option) cli_option_key(option, key);
        const json_t *value = json_object_get(object, key);
        char *text = value && !json_is_null(value) ? value_text(value) : NULL;
        if (text) cli_say(job->settings->verbose, "  %s = %s", option->name, text);
        free(text);
    }
    json_decref(object);
}
