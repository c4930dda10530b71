/* What was made, as one line for a person or as JSON. */
#include "report.h"
#include "detail.h"
#include "json.h"
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

uint64_t cli_peak_memory(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
    return (uint64_t)usage.ru_maxrss;
#else
    return (uint64_t)usage.ru_maxrss * 1024;
#endif
}

static double playback_fps(const cli_job *job) {
    return job->settings->output.fps != 0 ? job->settings->output.fps : job->video->fps;
}

/* --loop goes back without the last frame and the first. */
static int frames_in_file(const cli_job *job) {
    int frames = job->video->num_frames;
    return job->settings->output.loop && frames > 2 ? 2 * frames - 2 : frames;
}

void cli_report_line(const cli_job *job) {
    const i2v_video *video = job->video;
    char *first = cli_job_shown_path(job, job->settings->path, 0, video->num_videos);
    cli_detail_made(job);
    cli_say(!job->settings->quiet,
            "wrote %s%s: %d frames of %dx%d, %g frames a second, in %.1f s, peak memory %.0f MiB",
            first ? first : job->settings->path, video->num_videos > 1 ? " and so on" : "", frames_in_file(job),
            video->width, video->height, playback_fps(job), cli_now() - job->began, (double)cli_peak_memory() / 0x1p20);
    free(first);
}

json_t *cli_json_text(const char *text) {
    if (!text) return json_null();
    json_t *string = json_string(text);
    char *plain = string ? NULL : strdup(text);
    for (char *c = plain; c && *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    if (plain) string = json_string(plain);
    free(plain);
    return string;
}

/* Of the characters that steer a terminal jansson escapes those below U+0020 only. The others stand raw in its text,
 * always within strings, where \uXXXX says the same. */
static void write_escaped(FILE *to, const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == 0x7f) {
            fputs("\\u007f", to);
        } else if (*c == 0xc2 && c[1] < 0xa0) { /* C1 */
            fprintf(to, "\\u%04x", *++c);
        } else if (*c == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||  /* U+2028 to U+202E */
                                  (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9))) { /* U+2066 to U+2069 */
            fprintf(to, "\\u%04x", 0x2000 | (c[1] & 0x3f) << 6 | (c[2] & 0x3f));
            c += 2;
        } else {
            fputc(*c, to);
        }
    }
}

char *cli_json_dump(const json_t *value, size_t layout) {
    char *raw = cli_json_write(value, layout), *text = NULL;
    size_t size;
    FILE *to = raw ? open_memstream(&text, &size) : NULL;
    if (to) write_escaped(to, raw);
    int failed = to && ferror(to);
    if (to && (fclose(to) != 0 || failed)) {
        free(text);
        text = NULL;
    }
    free(raw);
    return text;
}

static int print_json(json_t *object, size_t layout) {
    char *text = object ? cli_json_dump(object, layout | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(object);
    if (!text) return cli_fail("not enough memory for the JSON report");
    puts(text);
    free(text);
    return cli_flush_output();
}

int cli_print_json(json_t *object) {
    return print_json(object, JSON_INDENT(2));
}

static json_t *paths_json(const cli_job *job, const char *path, int count) {
    json_t *paths = json_array();
    for (int i = 0; path && i < count; i++) {
        char *numbered = cli_job_shown_path(job, path, i, count);
        cli_json_append(&paths, numbered ? cli_json_text(numbered) : NULL);
        free(numbered);
    }
    return paths;
}

json_t *cli_json_seed(uint64_t seed) {
    if (seed <= INT64_MAX) return json_integer((json_int_t)seed);
    return json_sprintf("%" PRIu64, seed);
}

static json_t *seconds_json(const cli_job *job) {
    json_t *seconds = json_object();
    for (int i = 0; i < CLI_PHASES; i++)
        cli_json_set(&seconds, cli_phase_name((i2v_phase)i), json_real(job->progress.seconds[i]));
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
        cli_json_append(&list, json_pack("{s:o, s:f}", "path", cli_json_text(loras->list[i].path), "scale",
                                         loras->list[i].scale));
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

/* What was forgiven of the picture, which --quiet keeps off standard error. */
static int print_task_json(const cli_job *job, json_t *object) {
    if (job->image && job->image->warning) cli_json_set(&object, "warning", json_string(job->image->warning));
    return print_json(object, cli_tasks_count(job->settings) > 1 ? JSON_COMPACT : JSON_INDENT(2));
}

int cli_report_json(const cli_job *job) {
    const i2v_video *video = job->video;
    const cli_settings *settings = job->settings;
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:o, s:I, s:I}", "command", settings->command->name,
        "version", i2v_version(), "input", cli_json_text(job->task.input), "model", cli_json_text(job->model.path),
        "outputs", paths_json(job, settings->path, video->num_videos), "latents",
        paths_json(job, settings->save_latents, video->num_videos), "width", video->width, "height", video->height,
        "num_frames", video->num_frames, "num_videos", video->num_videos, "fps", video->fps, "seconds",
        seconds_json(job), "peak_memory", (json_int_t)cli_peak_memory(), "engine_memory",
        (json_int_t)job->progress.memory);
    if (settings->command->bit == CLI_GENERATE) {
        cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
        cli_json_set(&object, "parameters", parameters_json(job));
    }
    add_output_options(&object, job);
    return print_task_json(job, object);
}

int cli_report_error_json(const cli_job *job) {
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o}", "command", job->settings->command->name, "version", i2v_version(), "input",
                  cli_json_text(job->task.input), "error", cli_json_text(job->error.message));
    if (!job->input_failed) cli_json_set(&object, "seed", cli_json_seed(job->params.seed));
    return print_task_json(job, object);
}
