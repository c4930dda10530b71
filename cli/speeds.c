/* The rungs of --speed. */
#include "speeds.h"
#include "duration.h"
#include "exclusions.h"
#include "json.h"
#include "json_print.h"
#include "message.h"
#include "named.h"
#include "option_json.h"
#include "variant.h"

#include <stdio.h>
#include <string.h>

int cli_speeds_list(void) {
    const i2v_speed *speed;
    printf("Speeds: less work a video, where no other option says otherwise. dB: how near each comes to a run of 200 "
           "steps,\n"
           "by an exact denoiser (docs/SPEED.md); more is nearer. img2vid generate --plan --speed all says what each "
           "takes\n"
           "here, img2vid bench --loss what it loses with a model of your own.\n\n");
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++)
        printf("%-9s %8s  %s\n", speed->name, speed->nearness, speed->summary);
    return cli_flush_output();
}

/* ---- what a job's run takes by each ----------------------------------------------------------------------------- */

/* The job's run by a rung. */
typedef struct rung_run {
    const i2v_speed *speed;
    cli_variant run;
    int goes;      /* with the other options, and into the memory */
    cli_set given; /* options that count more than the rung, by other values than its own */
    i2v_memory_plan plan;
} rung_run;

/* What is left open, by what it comes to. */
static void settle(cli_variant *run, const cli_job *job) {
    if (run->options.dtype == I2V_DTYPE_AUTO) run->options.dtype = I2V_DTYPE_F32;
    if (run->params.scheduler == I2V_SCHEDULER_AUTO) run->params.scheduler = job->model.sampler;
}

static int is_alike(const i2v_parameter *parameter, const cli_variant *a, const cli_variant *b) {
    char texts[2][200];
    int is_param = parameter->settings == I2V_STRUCT_PARAMS;
    i2v_status first = i2v_parameter_get(parameter, is_param ? (const void *)&a->params : &a->options, texts[0],
                                         sizeof texts[0], NULL);
    i2v_status second = i2v_parameter_get(parameter, is_param ? (const void *)&b->params : &b->options, texts[1],
                                          sizeof texts[1], NULL);
    return first == I2V_OK && second == I2V_OK && strcmp(texts[0], texts[1]) == 0;
}

/* --sigmas, which leave no number of steps to set. */
static int excludes_what_it_sets(const cli_command *command, const cli_option *option, const i2v_speed *speed) {
    cli_set excluded = cli_excluded(command, cli_set_of(command, option->offset));
    for (size_t i = 0; i < command->options_count; i++)
        if (cli_set_has(&excluded, i) && i2v_speed_sets(speed->name, command->options[i].parameter)) return 1;
    return 0;
}

static void find_given(rung_run *row, const cli_job *job) {
    const cli_command *command = job->settings->command;
    cli_variant run = row->run, own = row->run;
    i2v_speed_set(row->speed->name, &own.options, &own.params, NULL);
    settle(&run, job);
    settle(&own, job);
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        if (!cli_set_has(&job->settings->given, i)) continue;
        int is_set = i2v_speed_sets(row->speed->name, option->parameter);
        if (is_set ? !is_alike(option->parameter, &run, &own)
                   : excludes_what_it_sets(command, option, row->speed))
            cli_set_add(&row->given, i);
    }
}

static rung_run make_row(cli_variant_plans *plans, const cli_job *job, const i2v_speed *speed) {
    rung_run row = {.speed = speed, .run = cli_variant_of(job)};
    i2v_error error = {0};
    row.goes = cli_named_set_speed(job->settings, speed->name, &row.run.options, &row.run.params, &error) == I2V_OK &&
               cli_variant_plan(&row.plan, plans, job, &row.run) == I2V_OK;
    if (row.goes) find_given(&row, job);
    return row;
}

/* NULL where it was not measured: of a rung that is another by the options beside it, or of AnimateLCM's weights. */
static const char *nearness_of(const rung_run *row, const cli_job *job) {
    const cli_set none = {{0}};
    cli_variant run = row->run;
    settle(&run, job);
    int is_own = memcmp(&row->given, &none, sizeof none) == 0 && run.params.scheduler != I2V_SCHEDULER_ANIMATELCM;
    return is_own ? row->speed->nearness : NULL;
}

/* "--num-inference-steps, --dtype as given; else " */
static void print_given(const rung_run *row, const cli_command *command) {
    const char *before = "";
    for (size_t i = 0; i < command->options_count; i++) {
        if (!cli_set_has(&row->given, i)) continue;
        printf("%s--%s", before, command->options[i].name);
        before = ", ";
    }
    if (*before) printf(" as given; else ");
}

static void print_row(const rung_run *row, const cli_job *job) {
    const char *nearness = nearness_of(row, job);
    char time[CLI_DURATION_SIZE];
    cli_duration_words(time, row->plan.seconds);
    printf("%-9s %9.0f %12s %9s  ", row->speed->name, (double)row->plan.peak / 0x1p20, time, nearness ? nearness : "-");
    print_given(row, job->settings->command);
    puts(row->speed->summary);
}

void cli_speeds_print(const cli_job *job) {
    const i2v_speed *speed;
    cli_variant_plans plans = {0};
    printf("\n%-9s %9s %12s %9s\n", "speed", "MiB", "time", "near to");
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++) {
        rung_run row = make_row(&plans, job, speed);
        if (row.goes)
            print_row(&row, job);
        else
            printf("%-9s %9s %12s %9s  does not go with the other options, or not into the memory\n", speed->name, "-",
                   "-", "-");
    }
    cli_variant_plans_end(&plans);
}

static json_t *given_json(const rung_run *row, const cli_command *command) {
    json_t *names = json_array();
    for (size_t i = 0; i < command->options_count; i++) {
        char key[64];
        if (!cli_set_has(&row->given, i)) continue;
        cli_option_key(&command->options[i], key);
        cli_json_append(&names, json_string(key));
    }
    return names;
}

json_t *cli_speeds_json(const cli_job *job) {
    const i2v_speed *speed;
    cli_variant_plans plans = {0};
    json_t *all = json_array();
    for (size_t i = 0; (speed = i2v_speed_at(i)); i++) {
        rung_run row = make_row(&plans, job, speed);
        json_t *entry = json_pack("{s:s, s:s}", "speed", speed->name, "summary", speed->summary);
        cli_json_set(&entry, "nearness", cli_json_text(row.goes ? nearness_of(&row, job) : NULL));
        cli_json_set(&entry, "given", given_json(&row, job->settings->command));
        cli_json_set(&entry, "peak", row.goes ? json_integer((json_int_t)row.plan.peak) : json_null());
        cli_json_set(&entry, "seconds", row.goes ? json_real(row.plan.seconds) : json_null());
        cli_json_append(&all, entry);
    }
    cli_variant_plans_end(&plans);
    return all;
}
