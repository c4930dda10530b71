/* What makes a run of hours shorter. Whatever is found next is one more row. */
#include "shorter.h"
#include "duration.h"
#include "help.h"

#include <stdio.h>
#include <string.h>

/* A run from which on its length is worth two lines, in seconds. */
static const double LONG = 3600;

/* The cheapest in quality first. */
enum { ANIMATELCM, STEPS, BF16, SIZE, WAYS };

const char cli_shorter_introduction[] = "What makes a run shorter, and at which price, the best way first. A run that\n"
                                        "would take over an hour says at its start what each would make of it, and\n"
                                        "--plan says what a run takes. FVD is a published measure of how unlike real\n"
                                        "videos those of a model are: less is better.";

const cli_entry cli_shorter_entries[] = {
    [ANIMATELCM] = {"--preset animatelcm --unet AnimateLCM-SVD-xt.safetensors",
                    "AnimateLCM's weights: 4 passes of the UNet in place of 50.\n"
                    "Price: by 8 passes, for which there are figures, FVD is 281 where SVD has\n"
                    "149 by 50 (MobileVD, arXiv 2412.07583), and 184.8 where it has 156.9 (OSV,\n"
                    "arXiv 2409.11367). The weights are its authors' own file."},
    [STEPS] = {"--num-inference-steps 10 --sigma-schedule ays",
               "10 steps in place of 25, at noise levels that were chosen for so few.\n"
               "Price: rougher frames and motion."},
    [BF16] = {"--dtype bf16", "Half the time on AMD's processors with AVX512_BF16, a quarter on Intel's with\n"
                              "AMX; none is saved on others.\n"
                              "Price: one rounding to 8 bits an operation, 1.5 % of the largest value in a\n"
                              "pass of the UNet."},
    [SIZE] = {"--width 768 --height 432",
              "Three quarters of 1024x576 on each side: half the time or less.\n"
              "Price: less detail. Below half the pixels that a model was trained at, its\n"
              "videos get clearly worse: by SVD's own weights FVD is 149 at 1024x576 and 476\n"
              "at 512x256 (MobileVD, arXiv 2412.07583)."},
    [WAYS] = {NULL, NULL}};

/* A run changed in one of these ways. */
typedef struct {
    i2v_params params;
    i2v_dtype dtype;
} variant;

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

/* Changes a run of the job in that way. Returns 0 where it is so already, or cannot be. */
static int change(variant *run, int way, const cli_job *job) {
    i2v_params *params = &run->params;
    i2v_scheduler scheduler = params->scheduler == I2V_SCHEDULER_AUTO ? job->model.sampler : params->scheduler;
    int euler = scheduler == I2V_SCHEDULER_EULER;
    switch (way) {
    case ANIMATELCM:
        return euler && is_svd(&job->model) && i2v_params_preset(params, "animatelcm", NULL) == I2V_OK;
    case STEPS:
        if (!euler || params->sigmas_count || params->num_inference_steps <= 10) return 0;
        params->num_inference_steps = 10;
        return 1;
    case BF16:
        run->dtype = I2V_DTYPE_BF16;
        return job->model.dtype != I2V_DTYPE_BF16;
    default:
        if (!is_large(job, params)) return 0;
        params->width = job->model.width * 3 / 4 / 16 * 16;
        params->height = job->model.height * 3 / 4 / 16 * 16;
        return params->width > 0 && params->height > 0;
    }
}

static double planned(i2v_engine *engine, const i2v_params *params) {
    i2v_memory_plan plan = {0};
    return i2v_plan_generate(engine, params, &plan) == I2V_OK ? plan.seconds : 0;
}

/* How long the run takes when it is changed so, over how long it takes as it is, which is asked for anew: what else the
 * machine does changes both alike. 0 if that is not known. Another dtype is another engine, of which headers are read. */
static double share_of(const cli_job *job, const variant *run) {
    double before = planned(job->engine, &job->params), after = 0;
    if (run->dtype == job->model.dtype) {
        after = planned(job->engine, &run->params);
    } else {
        i2v_engine *other = NULL;
        i2v_options options = job->settings->options;
        options.dtype = run->dtype;
        if (i2v_open(&other, job->model_path, &options) == I2V_OK) after = planned(other, &run->params);
        i2v_close(other);
    }
    return before > 0 ? after / before : 0;
}

/* "AnimateLCM's weights 52 min (FVD 281 by 8 passes, SVD's 149)" */
static void describe(char *text, size_t size, int way, const variant *run, double seconds) {
    char time[CLI_DURATION_SIZE];
    cli_duration_words(time, seconds);
    if (way == ANIMATELCM)
        snprintf(text, size, "AnimateLCM's weights %s (FVD 281 by 8 passes, SVD's 149)", time);
    else if (way == STEPS)
        snprintf(text, size, "%d steps %s (rougher)", run->params.num_inference_steps, time);
    else if (way == BF16)
        snprintf(text, size, "bf16 %s (errors of 1.5 %%)", time);
    else
        snprintf(text, size, "%dx%d %s (less detail; below half the pixels much worse)", run->params.width,
                 run->params.height, time);
}

void cli_shorter_note(cli_job *job) {
    double tasks = job->task.entry ? 1 : (double)cli_tasks_count(job->all), all = tasks * job->plan.seconds;
    char time[CLI_DURATION_SIZE], end[CLI_DURATION_SIZE], ways[600] = "", one[120];
    if (all < LONG) return;
    for (int way = 0; way < WAYS; way++) {
        variant run = {job->params, job->model.dtype};
        double seconds = change(&run, way, job) ? all * share_of(job, &run) : 0;
        if (seconds <= 0 || seconds > 0.8 * all) continue;
        describe(one, sizeof one, way, &run, seconds);
        size_t length = strlen(ways);
        snprintf(ways + length, sizeof ways - length, "%s%s", length ? ", " : "", one);
    }
    cli_duration_words(time, all);
    cli_time_after(end, all);
    cli_job_note(job, "time: about %s in all, until %s; img2vid help time says what makes it shorter, and the price",
                 time, end);
    if (ways[0]) cli_job_note(job, "shorter here: %s", ways);
}
