/* A job's run, changed: its engine, and what it would take. */
#include "variant.h"

#include <string.h>

cli_variant cli_variant_of(const cli_job *job) {
    cli_variant variant = {job->params, job->settings->options};
    variant.options.dtype = job->model.dtype;
    return variant;
}

static int is_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* As it is computed with. */
static i2v_dtype dtype_of(const cli_variant *variant) {
    return variant->options.dtype == I2V_DTYPE_AUTO ? I2V_DTYPE_F32 : variant->options.dtype;
}

/* 1 if that is what the run asks for. */
static int is_asked_for(const cli_variant *variant, i2v_dtype dtype, const char *tiny_decoder) {
    return dtype_of(variant) == dtype && is_same_text(variant->options.tiny_decoder, tiny_decoder);
}

i2v_status cli_variant_open(i2v_engine **engine, const cli_job *job, const cli_variant *variant) {
    *engine = job->engine;
    int is_jobs = is_asked_for(variant, job->model.dtype, job->settings->options.tiny_decoder);
    return is_jobs ? I2V_OK : i2v_open(engine, job->model_path, &variant->options);
}

void cli_variant_close(i2v_engine *engine, const cli_job *job) {
    if (engine != job->engine) i2v_close(engine);
}

/* 1 if the two came to the same, however they were asked for: no tiny decoder lies where "auto" looks. */
static int is_alike(i2v_engine *engine, i2v_engine *other) {
    i2v_model_info a, b;
    return engine && other && i2v_get_model_info(engine, &a) == I2V_OK && i2v_get_model_info(other, &b) == I2V_OK &&
           a.dtype == b.dtype && is_same_text(a.tiny_decoder, b.tiny_decoder);
}

/* The engine of that run: the one that is there for plans, the job's, or else a new one in its place. */
static i2v_status find_engine(i2v_engine **engine, cli_variant_plans *plans, const cli_job *job,
                              const cli_variant *variant) {
    *engine = plans->engine;
    if (plans->engine && is_asked_for(variant, plans->dtype, plans->tiny_decoder)) return I2V_OK;
    i2v_status status = cli_variant_open(engine, job, variant);
    i2v_engine *alike = is_alike(*engine, job->engine) ? job->engine : plans->engine;
    if (status == I2V_OK && *engine != job->engine && !is_alike(*engine, alike)) {
        cli_variant_plans_end(plans);
        *plans = (cli_variant_plans){*engine, dtype_of(variant), variant->options.tiny_decoder};
        return I2V_OK;
    }
    cli_variant_close(*engine, job);
    *engine = alike;
    return status;
}

i2v_status cli_variant_plan(i2v_memory_plan *plan, cli_variant_plans *plans, const cli_job *job,
                            const cli_variant *variant) {
    i2v_engine *engine;
    *plan = (i2v_memory_plan){0};
    i2v_status status = find_engine(&engine, plans, job, variant);
    return status == I2V_OK ? i2v_plan_generate(engine, &variant->params, plan) : status;
}

void cli_variant_plans_end(cli_variant_plans *plans) {
    i2v_close(plans->engine);
    *plans = (cli_variant_plans){0};
}
