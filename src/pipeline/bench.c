/* What a call's time goes to: the machine's peaks, then a pass of the UNet and of the VAE decoder, operation by
 * operation. */
#include "base/clock.h"
#include "pipeline/decode.h"
#include "pipeline/denoise.h"
#include "pipeline/expect.h"
#include "random/random.h"

#include <stdlib.h>

#define MAX_REPETITIONS 1000

void i2v_bench_report_free(i2v_bench_report *report) {
    if (!report) return;
    free(report->unet.rows);
    free(report->decoder.rows);
    free(report);
}

/* ---- one pass ---- */

/* A pass, and what it is fed with: random numbers. */
typedef struct {
    i2v_call *call;
    const i2v_sizes *sizes;
    const i2v_plan *plan;
    float *latents, *frames;         /* of one video */
    float *embedding, *image_latent; /* of the condition */
    i2v_condition condition;
    i2v_denoiser denoiser; /* while the UNet is measured */
    int repetitions;
    i2v_bench_report *report;
} bench;

static i2v_status run_pass(bench *b, i2v_stage *stage) {
    if (stage->kind == I2V_STAGE_DECODER) {
        return i2v_decode_pass(stage, b->sizes, b->latents, b->frames);
    }
    return i2v_denoise_step(&b->denoiser, &(i2v_step){.update = i2v_euler_update(1, 0.9f)}, b->latents);
}

static int slower_first(const void *a, const void *b) {
    double first = ((const i2v_bench_row *)a)->seconds, second = ((const i2v_bench_row *)b)->seconds;
    return (first < second) - (first > second);
}

/* Takes the profile's rows. */
static void finish_pass(i2v_bench_pass *pass, i2v_profile *profile, const i2v_bench_report *report) {
    double bandwidth = report->bandwidth;
    pass->rows = profile->rows;
    pass->rows_count = profile->count;
    for (size_t i = 0; i < pass->rows_count; i++) {
        i2v_bench_row *row = &pass->rows[i];
        double operations = row->is_int8 ? report->peaks.int8.rate : report->peak_rate;
        double computing = operations > 0 ? 2 * (double)row->multiplications / operations : 0;
        double moving = bandwidth > 0 ? (double)row->bytes / bandwidth : 0;
        row->memory_bound = moving > computing;
        row->least_seconds = row->memory_bound ? moving : computing;
        pass->operations_seconds += row->seconds;
    }
    if (pass->rows_count) qsort(pass->rows, pass->rows_count, sizeof *pass->rows, slower_first);
    *profile = (i2v_profile){0};
}

/* Runs the stage's pass again and again; the fastest becomes *pass. */
static i2v_status repeat_pass(bench *b, i2v_stage *stage, i2v_bench_pass *pass) {
    int decodes = stage->kind == I2V_STAGE_DECODER, steps = decodes ? b->sizes->decode_chunk_size : 1;
    i2v_profile best = {0}, profile = {0};
    i2v_phase phase = decodes ? I2V_PHASE_DECODE : I2V_PHASE_DENOISE;
    i2v_status status = i2v_call_begin_phase(b->call, phase, stage->kind, 0, steps * b->repetitions);
    for (int i = 0; !status && i < b->repetitions; i++) {
        stage->run.profile = &profile;
        stage->run.multiplications = 0;
        i2v_call_begin_pass(b->call, &stage->run, steps);
        double began = i2v_now();
        status = run_pass(b, stage);
        double seconds = i2v_now() - began;
        if (!status && profile.incomplete) status = i2v_fail_memory(&b->call->engine->error, "the measurements", 0);
        if (!status) status = i2v_call_step(b->call, steps * (i + 1), NULL, 0);
        if (i == 0 || seconds < pass->seconds) {
            i2v_profile worse = best;
            best = profile;
            profile = worse;
            pass->seconds = seconds;
        }
        i2v_profile_clear(&profile);
    }
    stage->run.profile = NULL;
    pass->multiplications = stage->run.multiplications;
    finish_pass(pass, &best, b->report);
    return status;
}

static i2v_status measure_stage(bench *b, i2v_stage_kind kind, i2v_bench_pass *pass) {
    i2v_stage stage;
    i2v_status status = i2v_stage_begin(&stage, kind, b->call->engine, b->sizes, b->call, &b->plan->stages[kind]);
    if (!status && kind == I2V_STAGE_UNET) {
        status = i2v_denoiser_begin(&b->denoiser, &stage.run, stage.model.unet, b->sizes, &b->condition);
    }
    if (!status) status = repeat_pass(b, &stage, pass);
    i2v_denoiser_end(&b->denoiser);
    i2v_stage_end(&stage);
    return status;
}

/* ---- all of it ---- */

static i2v_status measure_peaks(const i2v_engine *engine, i2v_bench_report *report, i2v_error *error) {
    if (!engine->model->backend->measure_peaks) return I2V_OK;
    i2v_bench_peaks *peaks = &report->peaks;
    i2v_status status = engine->model->backend->measure_peaks(&engine->device, engine->max_memory, peaks, error);
    report->bandwidth = peaks->read > peaks->copy ? peaks->read : peaks->copy;
    int is_bf16 = engine->model->element == I2V_ELEMENT_BF16 && engine->model->backend->multiplies_bf16;
    report->peak_name = is_bf16 ? "bf16" : "f32";
    report->peak_rate = is_bf16 ? peaks->bf16.rate : peaks->f32.rate;
    return status;
}

static i2v_status fill(bench *b, i2v_error *error) {
    i2v_engine *engine = b->call->engine;
    i2v_random *random = NULL;
    size_t latents = i2v_sizes_latents(b->sizes), projection = (size_t)engine->model->clip.projection_dim;
    size_t latent = i2v_sizes_frame_latents(b->sizes);
    b->latents = malloc(latents * sizeof(float));
    b->frames = malloc(i2v_sizes_pixels(b->sizes) * sizeof(float));
    b->embedding = malloc(projection * sizeof(float));
    b->image_latent = malloc(latent * sizeof(float));
    if (!b->latents || !b->frames || !b->embedding || !b->image_latent) {
        return i2v_fail_memory(error, "the video's frames", i2v_sizes_pixels(b->sizes) * sizeof(float));
    }
    i2v_status status = i2v_random_new(&random, I2V_RNG_NUMPY, 0, error);
    if (status) return status;
    i2v_random_normal(random, b->latents, latents);
    i2v_random_normal(random, b->embedding, projection);
    i2v_random_normal(random, b->image_latent, latent);
    i2v_random_free(random);
    b->condition = (i2v_condition){.embedding = b->embedding,
                                   .latent = b->image_latent,
                                   .time_ids = {6, 127, 0.02f},
                                   .min_guidance_scale = 1,
                                   .max_guidance_scale = 1};
    return I2V_OK;
}

static i2v_status measure(bench *b, i2v_error *error) {
    i2v_bench_report *report = b->report;
    i2v_status status = measure_peaks(b->call->engine, report, error);
    if (!status) status = fill(b, error);
    i2v_expect(b->call, I2V_STAGE_UNET, b->plan, b->sizes, b->repetitions, 1);
    i2v_expect(b->call, I2V_STAGE_DECODER, b->plan, b->sizes, b->sizes->decode_chunk_size * b->repetitions, 1);
    if (!status) status = measure_stage(b, I2V_STAGE_UNET, &report->unet);
    if (!status) status = measure_stage(b, I2V_STAGE_DECODER, &report->decoder);
    free(b->latents);
    free(b->frames);
    free(b->embedding);
    free(b->image_latent);
    return status;
}

static i2v_bench_report *report_new(const i2v_engine *engine, const i2v_sizes *sizes, int repetitions) {
    i2v_bench_report *report = calloc(1, sizeof *report);
    if (!report) return NULL;
    *report = (i2v_bench_report){.backend = engine->model->backend->name,
                                 .threads = i2v_team_size(engine->device.team),
                                 .repetitions = repetitions,
                                 .width = sizes->width,
                                 .height = sizes->height,
                                 .num_frames = sizes->num_frames,
                                 .decode_chunk_size = sizes->decode_chunk_size};
    return report;
}

static i2v_status check(i2v_engine *engine, const i2v_params *params, int repetitions, i2v_sizes *sizes,
                        i2v_plan *plan) {
    if (repetitions < 1 || repetitions > MAX_REPETITIONS) {
        return i2v_fail(&engine->error, I2V_ERROR_PARAMETER, "repetitions is %d; it must be between 1 and %d",
                        repetitions, MAX_REPETITIONS);
    }
    i2v_params used;
    i2v_params_default(&used);
    used.width = params->width;
    used.height = params->height;
    used.num_frames = params->num_frames;
    used.decode_chunk_size = params->decode_chunk_size;
    used.max_guidance_scale = used.min_guidance_scale = 1; /* a step is one pass */
    i2v_status status = i2v_sizes_of_params(sizes, engine, &used);
    return status ? status : i2v_plan_make(plan, engine, sizes, I2V_STAGE_UNET);
}

i2v_status i2v_bench(i2v_engine *engine, const i2v_params *params, int repetitions, i2v_bench_report **out) {
    i2v_sizes sizes;
    i2v_plan plan;
    i2v_bench_report *report = NULL;
    if (out) *out = NULL;
    i2v_status status = i2v_engine_begin(engine);
    if (status) return status;
    status = i2v_require(&engine->error, "params", params, "report", out, NULL);
    if (!status) status = check(engine, params, repetitions, &sizes, &plan);
    if (!status) {
        i2v_plan_free_others(&plan, engine, &sizes);
        report = report_new(engine, &sizes, repetitions);
        if (!report) status = i2v_fail_memory(&engine->error, "the measurements", sizeof *report);
    }
    if (!status) {
        i2v_call call = {
            .engine = engine, .on_event = params->on_event, .user = params->user, .num_videos = 1, .num_clips = 1};
        bench b = {.call = &call, .sizes = &sizes, .plan = &plan, .repetitions = repetitions, .report = report};
        status = measure(&b, &engine->error);
    }
    if (status)
        i2v_bench_report_free(report);
    else
        *out = report;
    return i2v_engine_end(engine, status);
}
