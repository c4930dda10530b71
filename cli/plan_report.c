/* The memory and the time that a run would take, as a table for a person or as JSON. */
#include "plan_report.h"
#include "duration.h"
#include "json.h"
#include "json_print.h"
#include "message.h"
#include "named.h"
#include "option_json.h"
#include "report_json.h"
#include "speeds.h"

#include <stdio.h>
#include <string.h>

static double mebibytes(uint64_t bytes) {
    return (double)bytes / 0x1p20;
}

static void print_time(const i2v_memory_plan *plan) {
    char all[CLI_DURATION_SIZE], step[CLI_DURATION_SIZE];
    cli_duration_words(all, plan->seconds);
    printf("about %s in all", all);
    for (size_t i = 0; i < plan->stages_count; i++) {
        if (strcmp(plan->stages[i].name, "UNet") != 0) continue;
        cli_duration_words(step, plan->stages[i].seconds);
        printf(", a step %s", step);
    }
    putchar('\n');
}

static void print_stage(const i2v_stage_memory *stage, int keeps) {
    char time[CLI_DURATION_SIZE];
    cli_duration_words(time, stage->run_seconds);
    printf("%-14s %9.0f %9.0f %9.0f ", stage->name, mebibytes(stage->weights), mebibytes(stage->tensors),
           mebibytes(stage->held));
    if (keeps) printf("%9.0f ", mebibytes(stage->others));
    printf("%9.0f      %12s  %s%s\n", mebibytes(stage->peak), time, stage->traded ? stage->traded : "nothing traded",
           !keeps         ? ""
           : stage->stays ? "; stays loaded"
                          : "; loaded each time");
}

static int is_of_all_speeds(const cli_job *job) {
    const char *speed = job->settings->speed;
    return speed && strcmp(speed, CLI_ALL_SPEEDS) == 0;
}

static int print_table(const cli_job *job) {
    const i2v_memory_plan *plan = &job->plan;
    int keeps = job->settings->options.keep_loaded;
    const cli_flag_name allows = cli_flag(job->settings->command, CLI_AT(options.max_memory));
    printf("%-14s %9s %9s %9s %s%9s  MiB %12s\n", "", "weights", "tensors", "held", keeps ? "   others " : "", "peak",
           "time");
    for (size_t i = 0; i < plan->stages_count; i++) print_stage(&plan->stages[i], keeps);
    printf("peak %.0f MiB, of %.0f MiB that %s%s\n", mebibytes(plan->peak), mebibytes(plan->budget),
           plan->budget_given ? allows.text : "the system has free for it",
           plan->budget_given ? " allows" : ", less a margin");
    if (plan->seconds > 0) print_time(plan);
    if (job->model.tiny_decoder) cli_line(stdout, "tiny decoder %s", job->model.tiny_decoder);
    if (is_of_all_speeds(job)) cli_speeds_print(job);
    return cli_flush_output();
}

static json_t *stages_json(const i2v_memory_plan *plan) {
    json_t *stages = json_array();
    for (size_t i = 0; i < plan->stages_count; i++) {
        const i2v_stage_memory *stage = &plan->stages[i];
        cli_json_append(&stages,
                        json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:o, s:f, s:f, s:f}", "name", stage->name,
                                  "weights", (json_int_t)stage->weights, "tensors", (json_int_t)stage->tensors, "held",
                                  (json_int_t)stage->held, "others", (json_int_t)stage->others, "stays", stage->stays,
                                  "peak", (json_int_t)stage->peak, "traded", cli_json_text(stage->traded), "seconds",
                                  stage->run_seconds, "step_seconds", stage->seconds, "load_seconds",
                                  stage->load_seconds));
    }
    return stages;
}

static int print_json(const cli_job *job) {
    char decoder[64];
    const i2v_memory_plan *plan = &job->plan;
    json_t *report = json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:b, s:f}", "command", job->settings->command->name,
                               "version", i2v_version(), "model", cli_json_text(job->model.path), "stages",
                               stages_json(plan), "peak", (json_int_t)plan->peak, "budget", (json_int_t)plan->budget,
                               "budget_given", plan->budget_given, "seconds", plan->seconds);
    cli_option_key(cli_option_at(job->settings->command, CLI_AT(options.tiny_decoder)), decoder);
    cli_json_set(&report, decoder, cli_json_text(job->model.tiny_decoder));
    if (is_of_all_speeds(job)) cli_json_set(&report, "speeds", cli_speeds_json(job));
    return cli_report_print(job, report);
}

int cli_plan_report(const cli_job *job) {
    return job->settings->json ? print_json(job) : print_table(job);
}
