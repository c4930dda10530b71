/* The memory that a run would take, as a table for a person or as JSON. */
#include "plan_report.h"
#include "message.h"
#include "report.h"

#include <stdio.h>

static double mebibytes(uint64_t bytes) {
    return (double)bytes / 0x1p20;
}

int cli_plan_table(const cli_job *job) {
    const i2v_memory_plan *plan = &job->plan;
    int keeps = job->settings->options.keep_loaded;
    printf("%-14s %9s %9s %9s %s%9s  MiB\n", "", "weights", "tensors", "held", keeps ? "   others " : "", "peak");
    for (size_t i = 0; i < plan->stages_count; i++) {
        const i2v_stage_memory *stage = &plan->stages[i];
        printf("%-14s %9.0f %9.0f %9.0f ", stage->name, mebibytes(stage->weights), mebibytes(stage->tensors),
               mebibytes(stage->held));
        if (keeps) printf("%9.0f ", mebibytes(stage->others));
        printf("%9.0f  %s%s\n", mebibytes(stage->peak), stage->traded ? stage->traded : "nothing traded",
               !keeps         ? ""
               : stage->stays ? "; stays loaded"
                              : "; loaded each time");
    }
    printf("peak %.0f MiB, of %.0f MiB that %s\n", mebibytes(plan->peak), mebibytes(plan->budget),
           plan->budget_given ? "--max-memory allows" : "the system has free for it, less a margin");
    return cli_flush_output();
}

static json_t *stages_json(const i2v_memory_plan *plan) {
    json_t *stages = json_array();
    for (size_t i = 0; i < plan->stages_count; i++) {
        const i2v_stage_memory *stage = &plan->stages[i];
        json_array_append_new(stages, json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:o}", "name", stage->name,
                                                "weights", (json_int_t)stage->weights, "tensors",
                                                (json_int_t)stage->tensors, "held", (json_int_t)stage->held, "others",
                                                (json_int_t)stage->others, "stays", stage->stays, "peak",
                                                (json_int_t)stage->peak, "traded", cli_json_text(stage->traded)));
    }
    return stages;
}

int cli_plan_json(const cli_job *job) {
    const i2v_memory_plan *plan = &job->plan;
    return cli_print_json(json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:b}", "command", job->settings->command->name,
                                    "version", i2v_version(), "model", cli_json_text(job->model.path), "stages",
                                    stages_json(plan), "peak", (json_int_t)plan->peak, "budget",
                                    (json_int_t)plan->budget, "budget_given", plan->budget_given));
}
