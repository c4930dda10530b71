/* Plans of the jobs of a list. A plan takes some milliseconds, and a grid may have ten thousand jobs. */
#include "planner.h"

#include <string.h>

/* Without what a plan does not depend on. */
static i2v_params bare(const i2v_params *params) {
    i2v_params copy = *params;
    copy.seed = 0;
    copy.motion_bucket_id = 0;
    copy.noise_aug_strength = 0;
    return copy;
}

i2v_status cli_planner_plan(cli_planner *planner, cli_job *job) {
    i2v_params params = bare(&job->params);
    if (planner->opened == job->opened && memcmp(&params, &planner->params, sizeof params) == 0) {
        job->plan = planner->plan;
        return I2V_OK;
    }
    i2v_status status = cli_job_engine_result(job, i2v_plan_generate(job->engine, &job->params, &job->plan));
    if (status == I2V_OK) *planner = (cli_planner){params, job->opened, job->plan};
    return status;
}
