/* A job's run, changed: what it would take. */
#include "variant.h"

cli_variant cli_variant_of(const cli_job *job) {
    cli_variant variant = {job->params, job->settings->options};
    variant.options.dtype = job->model.dtype;
    return variant;
}

i2v_status cli_variant_plan(i2v_memory_plan *plan, const cli_job *job, const cli_variant *variant) {
    i2v_dtype dtype = variant->options.dtype == I2V_DTYPE_AUTO ? I2V_DTYPE_F32 : variant->options.dtype;
    *plan = (i2v_memory_plan){0};
    if (dtype == job->model.dtype) return i2v_plan_generate(job->engine, &variant->params, plan);
    i2v_engine *engine = NULL;
    i2v_status status = i2v_open(&engine, job->model_path, &variant->options);
    if (status == I2V_OK) status = i2v_plan_generate(engine, &variant->params, plan);
    i2v_close(engine);
    return status;
}
