/* A job's run, changed: its engine, and what it would take. */
#include "variant.h"

cli_variant cli_variant_of(const cli_job *job) {
    cli_variant variant = {job->params, job->settings->options};
    variant.options.dtype = job->model.dtype;
    return variant;
}

/* As it is computed with. */
static i2v_dtype dtype_of(const cli_variant *variant) {
    return variant->options.dtype == I2V_DTYPE_AUTO ? I2V_DTYPE_F32 : variant->options.dtype;
}

i2v_status cli_variant_open(i2v_engine **engine, const cli_job *job, const cli_variant *variant) {
    *engine = job->engine;
    return dtype_of(variant) == job->model.dtype ? I2V_OK : i2v_open(engine, job->model_path, &variant->options);
}

void cli_variant_close(i2v_engine *engine, const cli_job *job) {
    if (engine != job->engine) i2v_close(engine);
}

i2v_status cli_variant_plan(i2v_memory_plan *plan, cli_variant_plans *plans, const cli_job *job,
                            const cli_variant *variant) {
    i2v_status status = I2V_OK;
    *plan = (i2v_memory_plan){0};
    if (dtype_of(variant) == job->model.dtype) return i2v_plan_generate(job->engine, &variant->params, plan);
    if (plans->engine && plans->dtype != dtype_of(variant)) cli_variant_plans_end(plans);
    if (!plans->engine) status = cli_variant_open(&plans->engine, job, variant);
    plans->dtype = dtype_of(variant);
    return status == I2V_OK ? i2v_plan_generate(plans->engine, &variant->params, plan) : status;
}

void cli_variant_plans_end(cli_variant_plans *plans) {
    i2v_close(plans->engine);
    *plans = (cli_variant_plans){0};
}
