/* How long a run takes, told before it starts. */
#include "pipeline/estimate.h"

#include "base/clock.h"
#include "pipeline/kept.h"
#include "tensor/values.h"

#include <stdlib.h>

/* The product that is timed, as often as fits the time, but for the first, which touches its memory. */
enum { ROWS = 1024, SIZE = 1024, LEAST_TIMES = 2, MOST_TIMES = 10 };
static const double MOST_SECONDS = 0.05;

/* A stage's rate over the product's, in multiply-adds as published: its 3x3 convolutions do fewer. Measured with
 * SVD-XT's sizes (docs/PERFORMANCE.md). */
static const double rate_of_stage[I2V_STAGES_COUNT] = {1, 1.2, 1.2, 1.7};

/* Multiply-adds of the product that take as long as a byte of weights: to read and pack it, and to widen it once a
 * pass, which counts where latents are few. Measured with SVD-XT's sizes in float16 at 64x64 (AVX-512). */
static const double LOAD_OF_BYTE = 100, PASS_OF_BYTE = 35;

/* Multiply-adds a second of the run's fastest product; of nothing on a dry pool. */
static double time_product(i2v_run *run, const i2v_linear *weights) {
    i2v_tensor x = i2v_tensor_new(run, 1, 1, ROWS, SIZE), out = i2v_tensor_new(run, 1, 1, ROWS, SIZE);
    double least = 0, began = i2v_now();
    i2v_tensor_zero(run, x);
    for (int i = 0; i < LEAST_TIMES || (i < MOST_TIMES && i2v_now() - began < MOST_SECONDS); i++) {
        double start = i2v_now();
        i2v_op_linear(run, out, x, NULL, weights, i2v_epilogue_plain());
        double seconds = i2v_now() - start;
        if (i == 0 || seconds < least) least = seconds;
    }
    i2v_tensor_free(run, &out);
    i2v_tensor_free(run, &x);
    return least > 0 ? (double)ROWS * SIZE * SIZE / least : 0;
}

/* On a pool of `bytes`, dry if 0; *peak is what it takes. */
static i2v_status time_on_pool(double *rate, uint64_t *peak, uint64_t bytes, const i2v_engine *engine,
                               const i2v_linear *weights, i2v_error *error) {
    const i2v_model *model = engine->model;
    i2v_run run = {.backend = model->backend, .device = engine->device, .element = model->element, .error = error};
    i2v_status status = i2v_pool_new(&run.pool, run.backend, &run.device, bytes, error);
    if (status) return status;
    *rate = time_product(&run, weights);
    *peak = i2v_pool_peak(run.pool);
    i2v_pool_free(run.pool);
    return run.status;
}

static i2v_status measure_rate(double *rate, const i2v_engine *engine, i2v_error *error) {
    const i2v_backend *backend = engine->model->backend;
    i2v_filter filter = {
        .in = SIZE, .out = SIZE, .taps = 1, .element = I2V_ELEMENT_F16, .input = engine->model->element};
    size_t count = (size_t)SIZE * SIZE;
    uint16_t *values = calloc(count, sizeof *values);
    filter.packing = backend->choose_packing(&engine->device, filter.element, filter.input, filter.in, filter.taps);
    void *packed = backend->memory->allocate(&engine->device, backend->filter_size(&engine->device, &filter));
    uint64_t bytes = 0;
    i2v_status status = I2V_OK;
    if (values && packed) {
        i2v_source source = {{.data = (const uint8_t *)values}, I2V_ELEMENT_F16, 1};
        status = backend->filter_pack(&engine->device, &filter, &source, NULL, packed, error);
        filter.packed = packed;
        i2v_linear weights = {.in = SIZE, .out = SIZE, .parts_count = 1, .parts = {{.filter = filter}}};
        if (!status) status = time_on_pool(rate, &bytes, 0, engine, &weights, error);
        if (!status) status = time_on_pool(rate, &bytes, bytes, engine, &weights, error);
    } else {
        status = i2v_fail_memory(error, "the estimate", count * sizeof *values);
    }
    backend->memory->free(packed);
    free(values);
    return status;
}

i2v_status i2v_estimate(double seconds[I2V_STAGES_COUNT], const i2v_plan *plan, const i2v_engine *engine,
                        const i2v_sizes *sizes, i2v_error *error) {
    double rate = 0;
    i2v_status status = measure_rate(&rate, engine, error);
    for (i2v_stage_kind kind = plan->first; !status && kind <= plan->last; kind++) {
        double multiplications = (double)plan->stages[kind].multiplications;
        if (kind == I2V_STAGE_DECODER) multiplications *= (double)sizes->num_frames / sizes->decode_chunk_size;
        seconds[kind] = rate > 0 ? multiplications / (rate * rate_of_stage[kind]) : 0;
    }
    return status;
}

/* The bytes of a stage's weights; both halves of a VAE are in one file. */
static double bytes_of(const i2v_engine *engine, i2v_stage_kind kind) {
    double bytes = (double)i2v_weights_bytes(i2v_model_weights(engine->model, kind));
    return i2v_model_part(engine->model, kind) == I2V_PART_VAE ? bytes / 2 : bytes;
}

/* Weights that are streamed are read and packed in each pass. */
static i2v_stage_cost cost_of(const i2v_engine *engine, i2v_stage_kind kind, const i2v_stage_plan *plan,
                              const i2v_sizes *sizes) {
    double bytes = bytes_of(engine, kind), streamed = plan->trades.stream ? LOAD_OF_BYTE : 0;
    double passes = kind == I2V_STAGE_UNET && sizes->guidance ? 2 : 1;
    double steps = kind == I2V_STAGE_DECODER ? sizes->decode_chunk_size : 1; /* that they make */
    double cost = plan->work + passes * bytes * (PASS_OF_BYTE + streamed);
    return (i2v_stage_cost){.load = (LOAD_OF_BYTE - streamed) * bytes,
                            .step = cost / steps,
                            .work = plan->work / steps};
}

void i2v_expect(i2v_call *call, i2v_stage_kind kind, const i2v_plan *plan, const i2v_sizes *sizes, double steps,
                int times) {
    i2v_stage_cost cost = cost_of(call->engine, kind, &plan->stages[kind], sizes);
    int loads = i2v_kept_kind_bytes(call->engine->model->kept, kind) ? 0 : plan->stays[kind] ? 1 : times;
    i2v_call_expect(call, kind, &cost, steps, loads);
}
