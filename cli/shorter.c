/* What makes a run of hours shorter. Whatever is found next is one more row. */
#include "shorter.h"
#include "duration.h"
#include "help.h"
#include "named.h"
#include "variant.h"

#include <stdio.h>
#include <string.h>

/* A run from which on its length is worth two lines, in seconds. */
static const double LONG = 3600;

/* The cheapest in quality first. */
enum { BALANCED, FAST, ANIMATELCM, DRAFT, SIZE, WAYS };

static const char *const speed_of[WAYS] = {[BALANCED] = "balanced", [FAST] = "fast", [DRAFT] = "draft"};

const char cli_shorter_introduction[] = "What makes a run shorter, and at which price, the best way first. A run that\n"
                                        "would take over an hour says at its start what each would make of it, and\n"
                                        "--plan says what a run takes. FVD is a published measure of how unlike real\n"
                                        "videos those of a model are: less is better.";

const cli_entry cli_shorter_entries[] = {
    [BALANCED] = {"--speed balanced", "Fewer steps of a better sampler, and bf16 where the processor multiplies it.\n"
                                      "Price: none by the measure of docs/SPEED.md."},
    [FAST] = {"--speed fast", "Passes that are spared besides.\n"
                              "Price: none by that measure; details, likely, in what is seen."},
    [ANIMATELCM] = {"--preset animatelcm --unet AnimateLCM-SVD-xt.safetensors",
                    "AnimateLCM's weights: 4 passes of the UNet in place of 50.\n"
                    "Price: by 8 passes, for which there are figures, FVD is 281 where SVD has\n"
                    "149 by 50 (MobileVD, arXiv 2412.07583), and 184.8 where it has 156.9 (OSV,\n"
                    "arXiv 2409.11367). The weights are its authors' own file."},
    [DRAFT] = {"--speed draft", "Few steps.\n"
                                "Price: to choose a seed by, not to show."},
    [SIZE] = {"--width 768 --height 432",
              "Three quarters of 1024x576 on each side: half the time or less.\n"
              "Price: less detail. Below half the pixels that a model was trained at, its\n"
              "videos get clearly worse: by SVD's own weights FVD is 149 at 1024x576 and 476\n"
              "at 512x256 (MobileVD, arXiv 2412.07583)."},
    [WAYS] = {NULL, NULL}};

/* AnimateLCM's weights are for a UNet of Stable Video Diffusion's size. */
static int is_svd(const i2v_model_info *model) {
    for (size_t i = 0; i < model->parts_count; i++)
        if (strcmp(model->parts[i].name, "unet") == 0) return model->parts[i].parameters >= 1000000000;
    return 0;
}

static int is_large(const cli_job *job, const i2v_params *params) {
    int width = params->width ? params->width : job->model.width;
    int height = params->height ? params->height : job->model.height;
    return (int64_t)width * height >= (int64_t)job->model.width * job->model.height;
}

static i2v_status set_speed(cli_variant *run, const cli_job *job, const char *name) {
    i2v_error error = {0};
    return cli_named_set_speed(job->settings, name, &run->options, &run->params, &error);
}

/* Changes a run of the job in that way. Returns 0 where it cannot be. */
static int change(cli_variant *run, int way, const cli_job *job) {
    i2v_params *params = &run->params;
    i2v_scheduler scheduler = params->scheduler == I2V_SCHEDULER_AUTO ? job->model.sampler : params->scheduler;
    switch (way) {
    case ANIMATELCM:
        return scheduler == I2V_SCHEDULER_EULER && is_svd(&job->model) &&
               i2v_params_preset(params, "animatelcm", NULL) == I2V_OK;
    case BALANCED:
    case FAST:
    case DRAFT:
        return scheduler != I2V_SCHEDULER_ANIMATELCM && set_speed(run, job, speed_of[way]) == I2V_OK;
    default:
        if (!is_large(job, params)) return 0;
        params->width = job->model.width * 3 / 4 / 16 * 16;
        params->height = job->model.height * 3 / 4 / 16 * 16;
        return params->width > 0 && params->height > 0;
    }
}

/* 0 if it is not known. */
static double planned(cli_variant_plans *plans, const cli_job *job, const cli_variant *run) {
    i2v_memory_plan plan;
    return cli_variant_plan(&plan, plans, job, run) == I2V_OK ? plan.seconds : 0;
}

/* "AnimateLCM's weights 52 min (FVD 281 by 8 passes, SVD's 149)" */
static void describe(char *text, size_t size, int way, const cli_variant *run, double seconds) {
    char time[CLI_DURATION_SIZE];
    cli_duration_words(time, seconds);
    if (way == ANIMATELCM)
        snprintf(text, size, "AnimateLCM's weights %s (FVD 281 by 8 passes, SVD's 149)", time);
    else if (speed_of[way])
        snprintf(text, size, "--speed %s %s", speed_of[way], time);
    else
        snprintf(text, size, "%dx%d %s (less detail; below half the pixels much worse)", run->params.width,
                 run->params.height, time);
}

/* "--speed balanced 3 h, --speed fast 2 h"; all: seconds of the run as it is. */
static void list_ways(char *ways, size_t size, const cli_job *job, double all) {
    cli_variant_plans plans = {0};
    cli_variant as_it_is = cli_variant_of(job);
    double before = planned(&plans, job, &as_it_is); /* timed when the others are */
    size_t length = 0;
    for (int way = 0; before > 0 && way < WAYS && length < size; way++) {
        char one[120];
        cli_variant run = cli_variant_of(job);
        double seconds = change(&run, way, job) ? all * planned(&plans, job, &run) / before : 0;
        if (seconds <= 0 || seconds > 0.8 * all) continue;
        describe(one, sizeof one, way, &run, seconds);
        length += (size_t)snprintf(ways + length, size - length, "%s%s", length ? ", " : "", one);
    }
    cli_variant_plans_end(&plans);
}

void cli_shorter_note(cli_job *job) {
    double tasks = job->task.entry ? 1 : (double)cli_tasks_count(job->all), all = tasks * job->plan.seconds;
    char time[CLI_DURATION_SIZE], end[CLI_DURATION_SIZE], ways[600] = "";
    if (all < LONG) return;
    list_ways(ways, sizeof ways, job, all);
    cli_duration_words(time, all);
    cli_time_after(end, all);
    cli_job_note(job, "time: about %s in all, until %s; img2vid help time says what makes it shorter, and the price",
                 time, end);
    if (ways[0]) cli_job_note(job, "shorter here: %s", ways);
}
