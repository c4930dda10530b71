/* What came of a task, as JSON. */
#include "report_json.h"
#include "failure.h"
#include "json.h"
#include "json_print.h"
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

static json_t *sigmas_json(const cli_numbers *sigmas) {
    if (!sigmas->count) return json_null();
    json_t *list = json_array();
    for (size_t i = 0; i < sigmas->count; i++) cli_json_append(&list, json_real(sigmas->values[i]));
    return list;
}

static json_t *loras_json(const cli_loras *loras) {
    json_t *list = json_array();
    for (size_t i = 0; i < loras->count; i++)
        cli_json_append(
            &list, json_pack("{s:o, s:f}", "path", cli_json_text(loras->list[i].path), "scale", loras->list[i].scale));
    return list;
}

/* The one that was used: the model's own where none was asked for; null where levels came from elsewhere. */
static json_t *sigma_schedule_json(const cli_job *job) {
    static const char *const names[] = {"auto", "karras", "exponential", "uniform", "ays"};
    i2v_sigma_schedule schedule = job->params.sigma_schedule;
    if (job->settings->sigmas.count || job->params.scheduler == I2V_SCHEDULER_ANIMATELCM) return json_null();
    return json_string(names[schedule == I2V_SIGMA_SCHEDULE_AUTO ? job->model.sigma_schedule : schedule]);
}

static json_t *parameters_json(const cli_job *job) {
    static const char *const fits[] = {"crop", "pad", "stretch", "diffusers", "comfyui"},
                             *const generators[] = {"numpy", "torch"}, *const alphas[] = {"white", "drop"},
                             *const schedulers[] = {"euler", "animatelcm"}, *const shapes[] = {"linear", "triangle"},
                             *const noises[] = {"diffusers", "comfyui"};
    const i2v_params *params = &job->params;
    json_t *object =
        json_pack("{s:o, s:s, s:s, s:s, s:i, s:f, s:f, s:i, s:i, s:f, s:i, s:i}", "seed", cli_json_seed(params->seed),
                  "rng", generators[params->rng], "fit", fits[params->fit], "alpha", alphas[job->settings->alpha],
                  "num_inference_steps", params->num_inference_steps, "min_guidance_scale", params->min_guidance_scale,
                  "max_guidance_scale", params->max_guidance_scale, "fps", params->fps, "motion_bucket_id",
                  params->motion_bucket_id, "noise_aug_strength", params->noise_aug_strength, "decode_chunk_size",
                  params->decode_chunk_size, "forward_chunk_size", params->forward_chunk_size);
    cli_json_set(&object, "sigmas", sigmas_json(&job->settings->sigmas));
    cli_json_set(&object, "preset", cli_json_text(job->settings->preset));
    cli_json_set(&object, "scheduler", json_string(schedulers[params->scheduler]));
    cli_json_set(&object, "sigma_schedule", sigma_schedule_json(job));
    cli_json_set(&object, "guidance_shape", json_string(shapes[params->guidance_shape]));
    cli_json_set(&object, "noise_aug", json_string(noises[params->noise_aug]));
    cli_json_set(&object, "latents", cli_json_text(job->settings->latents));
    cli_json_set(&object, "loras", loras_json(&job->settings->loras));
    return object;
}

/* Those that are given. */
static void add_output_options(json_t **object, const cli_job *job) {
    static const char *const codecs[] = {"auto", "h264", "h265", "vp9", "av1", "ffv1"};
    const i2v_output *output = &job->settings->output;
    if (job->video->num_clips > 1) {
        cli_json_set(object, "num_clips", json_integer(job->video->num_clips));
        cli_json_set(object, "clip_frames", json_integer(job->video->clip_frames));
    }
    if (output->loop) cli_json_set(object, "loop", json_true());
    if (output->fps != 0) cli_json_set(object, "playback_fps", json_real(output->fps));
    if (output->codec != I2V_CODEC_AUTO) cli_json_set(object, "codec", json_string(codecs[output->codec]));
    if (output->quality >= 0) cli_json_set(object, "quality", json_integer(output->quality));
}

static int print_job_json(const cli_job *job, json_t *object) {
    return cli_print_json_as(object, cli_tasks_count(job->settings) > 1 ? JSON_COMPACT : JSON_INDENT(2));
}

/* What was forgiven of the picture, which --quiet keeps off standard error. */
static int print_task_json(const cli_job *job, json_t *object) {
    if (job->image && job->image->warning) cli_json_set(&object, "warning", json_string(job->image->warning));
    return print_job_json(job, object);
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
    add_output_options(&object, job);
    return print_task_json(job, object);
}

int cli_report_skipped_json(const cli_job *job) {
    const cli_settings *settings = job->settings;
    json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "command", settings->command->name, "version",
                               i2v_version(), "input", cli_json_text(job->task.input), "outputs",
                               paths_json(job, settings->path, cli_videos_count(settings)), "latents",
                               paths_json(job, settings->save_latents, cli_videos_count(settings)), "skipped", 1);
    if (settings->command->bit == CLI_GENERATE) cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
    return print_job_json(job, object);
}

int cli_report_error_json(const cli_job *job, int of_task) {
    const cli_command *command = job->settings->command;
    json_t *object = cli_failure_json(command, of_task ? job->task.input : NULL, i2v_status_name(job->error.status),
                                      job->error.message);
    if (of_task && command->bit == CLI_GENERATE && !job->input_failed)
        cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
    return print_task_json(job, object);
}
