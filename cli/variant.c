/* A job's run, changed: its engine, and what it would take. */
#include "variant.h"

#include <string.h>

cli_variant cli_variant_of(const cli_job *job) {
    cli_variant variant = {job->params, job->settings->options};
    variant.options.dtype = job->model.dtype;
    return variant;
}

/* 1 if the job's engine is as that run wants it. */
static int has_engine(const cli_job *job, i2v_dtype dtype, const char *tiny_decoder) {
    const char *own = job->settings->options.tiny_decoder;
    return dtype == job->model.dtype && (own && tiny_decoder ? strcmp(own, tiny_decoder) == 0 : own == tiny_decoder);
}

i2v_status cli_variant_open(i2v_engine **engine, const cli_job *job, const cli_variant *variant) {
    i2v_dtype dtype = variant->options.dtype == I2V_DTYPE_AUTO ? I2V_DTYPE_F32 : variant->options.dtype;
    *engine = job->engine;
    return has_engine(job, dtype, variant->options.tiny_decoder) ? I2V_OK
                                                                 : i2v_open(engine, job->model_path, &variant->options);
}

void cli_variant_close(i2v_engine *engine, const cli_job *job) {
    if (engine != job->engine) i2v_close(engine);
}

i2v_status cli_variant_plan(i2v_memory_plan *plan, const cli_job *job, const cli_variant *variant) {
    i2v_engine *engine;
    *plan = (i2v_memory_plan){0};
    i2v_status status = cli_variant_open(&engine, job, variant);
    if (status == I2V_OK) status = i2v_plan_generate(engine, &variant->params, plan);
    cli_variant_close(engine, job);
    return status;
}
