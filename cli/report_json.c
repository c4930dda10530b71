/* What came of a task, as JSON. */
#include "report_json.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"
#include "list.h"
#include "option_json.h"
#include "system.h"

#include <stdlib.h>

static json_t *paths_json(const cli_job *job, const char *path, int count) {
    json_t *paths = json_array();
    for (int i = 0; path && i < count; i++) {
        char *numbered = cli_job_shown_path(job, path, i, count);
        cli_json_append(&paths, numbered ? cli_json_text(numbered) : NULL);
        free(numbered);
    }
    return paths;
}

static json_t *seconds_json(const cli_job *job) {
    json_t *seconds = json_object();
    for (int i = 0; i < CLI_PHASES; i++)
        cli_json_set(&seconds, i2v_phase_name((i2v_phase)i), json_real(job->progress.seconds[i]));
    cli_json_set(&seconds, "save", json_real(job->save_seconds));
    cli_json_set(&seconds, "total", json_real(cli_now() - job->began));
    return seconds;
}

static json_t *loras_json(const i2v_options *options) {
    json_t *list = json_array();
    for (size_t i = 0; i < options->loras_count; i++)
        cli_json_append(&list, json_pack("{s:o, s:f}", "path", cli_json_text(options->loras[i].path), "scale",
                                         options->loras[i].scale));
    return list;
}

static void add_option(json_t **object, const cli_settings *settings, size_t offset) {
    char key[64];
    const cli_option *option = cli_option_at(settings->command, offset);
    if (!option) return;
    cli_option_key(option, key);
    cli_json_set(object, key, cli_option_json(option, settings));
}

/* What the report says outside "parameters": the video's own sizes, and with several clips their number. */
static int is_told_elsewhere(const cli_option *option) {
    static const size_t places[] = {CLI_AT(params.width), CLI_AT(params.height), CLI_AT(params.num_frames),
                                    CLI_AT(params.num_videos), CLI_AT(params.extend)};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (option->offset == places[i]) return 1;
    return 0;
}

/* What the frames depend on, beside the model. */
static int is_shown(const cli_option *option) {
    const i2v_parameter *parameter = option->parameter;
    if (!parameter || !parameter->decides || is_told_elsewhere(option)) return 0;
    return parameter->settings == I2V_STRUCT_PARAMS || parameter->settings == I2V_STRUCT_IMAGE_OPTIONS;
}

/* The schedule that was used: the model's own where none was asked for; null where levels came from elsewhere. */
static void add_sigma_schedule(json_t **object, cli_settings *settings, const cli_job *job) {
    i2v_params *params = &settings->params;
    int elsewhere = params->sigmas_count || params->scheduler == I2V_SCHEDULER_ANIMATELCM;
    if (params->sigma_schedule == I2V_SIGMA_SCHEDULE_AUTO) params->sigma_schedule = job->model.sigma_schedule;
    add_option(object, settings, CLI_AT(params.sigma_schedule));
    if (!elsewhere) return;
    char key[64];
    cli_option_key(cli_option_at(settings->command, CLI_AT(params.sigma_schedule)), key);
    cli_json_set(object, key, json_null());
}

static json_t *parameters_json(const cli_job *job) {
    const cli_command *command = job->settings->command;
    cli_settings settings = *job->settings;
    settings.params = job->params;
    if (settings.params.scheduler == I2V_SCHEDULER_AUTO) settings.params.scheduler = job->model.sampler;
    json_t *object = json_object();
    for (size_t i = 0; i < command->options_count; i++)
        if (is_shown(&command->options[i])) add_option(&object, &settings, command->options[i].offset);
    add_sigma_schedule(&object, &settings, job);
    add_option(&object, &settings, CLI_AT(params.forward_chunk_size)); /* decides nothing, and is often asked for */
    add_option(&object, &settings, CLI_AT(preset));
    add_option(&object, &settings, CLI_AT(speed));
    settings.options.tiny_decoder = job->model.tiny_decoder;
    add_option(&object, &settings, CLI_AT(options.tiny_decoder));
    add_option(&object, &settings, CLI_AT(latents));
    cli_json_set(&object, "loras", loras_json(&settings.options));
    return object;
}

/* Those that are given. */
static void add_output_options(json_t **object, const cli_job *job) {
    const cli_settings *settings = job->settings;
    const i2v_output *output = &settings->output;
    if (job->video->num_clips > 1) {
        cli_json_set(object, "num_clips", json_integer(job->video->num_clips));
        cli_json_set(object, "clip_frames", json_integer(job->video->clip_frames));
    }
    if (output->loop) add_option(object, settings, CLI_AT(output.loop));
    if (output->fps != 0) add_option(object, settings, CLI_AT(output.fps));
    if (output->codec != I2V_CODEC_AUTO) add_option(object, settings, CLI_AT(output.codec));
    if (output->quality >= 0) add_option(object, settings, CLI_AT(output.quality));
}

int cli_report_print(const cli_job *job, json_t *object) {
    const cli_list_entry *entry = job->task.entry;
    if (entry) {
        cli_json_set(&object, "job", json_integer(entry->number));
        cli_json_set(&object, "line", json_integer(entry->line));
    }
    return cli_print_json_as(object, cli_tasks_are_many(job->all) ? JSON_COMPACT : JSON_INDENT(2));
}

/* What was forgiven of the picture, which --quiet keeps off standard error. */
static int print_task_json(const cli_job *job, json_t *object) {
    if (job->image && job->image->warning) cli_json_set(&object, "warning", json_string(job->image->warning));
    return cli_report_print(job, object);
}

/* Of a list each job has one, not only what fails. */
static void add_status(json_t **object, const cli_job *job) {
    if (job->task.entry) cli_json_set(object, "status", json_string(i2v_status_name(I2V_OK)));
}

int cli_report_made_json(const cli_job *job) {
    const i2v_video *video = job->video;
    const cli_settings *settings = job->settings;
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:o, s:I, s:I}", "command",
                  settings->command->name, "version", i2v_version(), "input", cli_json_text(job->task.input), "model",
                  cli_json_text(job->model.path), "outputs", paths_json(job, settings->path, video->num_videos),
                  "latents", paths_json(job, settings->save_latents, video->num_videos), "width", video->width,
                  "height", video->height, "num_frames", video->num_frames, "num_videos", video->num_videos, "fps",
                  video->fps, "seconds", seconds_json(job), "peak_memory", (json_int_t)cli_system_peak_memory(),
                  "engine_memory", (json_int_t)job->progress.memory);
    if (settings->command->bit == CLI_GENERATE) {
        cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
        cli_json_set(&object, "parameters", parameters_json(job));
    }
    if (settings->sheet) cli_json_set(&object, "sheets", paths_json(job, settings->sheet, video->num_videos));
    add_output_options(&object, job);
    if (video->warning[0]) cli_json_set(&object, "video_warning", json_string(video->warning));
    add_status(&object, job);
    return print_task_json(job, object);
}

int cli_report_skipped_json(const cli_job *job) {
    const cli_settings *settings = job->settings;
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "command", settings->command->name, "version",
                               i2v_version(), "input", cli_json_text(job->task.input), "outputs",
                               paths_json(job, settings->path, cli_videos_count(settings)), "latents",
                               paths_json(job, settings->save_latents, cli_videos_count(settings)), "skipped", 1);
    if (settings->command->bit == CLI_GENERATE) cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
    add_status(&object, job);
    return cli_report_print(job, object);
}

int cli_report_error_json(const cli_job *job, int of_task) {
    const cli_command *command = job->settings->command;
    json_t *object = cli_failure_json(command, of_task ? job->task.input : NULL, i2v_status_name(job->error.status),
                                      job->error.message);
    if (of_task && command->bit == CLI_GENERATE && !job->input_failed)
        cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
    return print_task_json(job, object);
}
