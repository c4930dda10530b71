/* img2vid bench: what time goes to, beside what the machine could do. */
#include "bench_report.h"
#include "commands.h"
#include "job_begin.h"
#include "job_end.h"
#include "loss.h"

int cli_bench(const cli_settings *settings) {
    cli_job job;
    if (settings->loss) return cli_loss(settings);
    i2v_status status = cli_job_begin(&job, settings);
    if (status == I2V_OK) status = cli_job_running(&job);
    if (status == I2V_OK)
        status = cli_job_engine_result(&job, i2v_bench(job.engine, &job.params, settings->repeat, &job.bench));
    return cli_job_end(&job, status, cli_bench_report);
}
