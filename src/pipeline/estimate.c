/* How fast this machine works off what a call is expected to cost. */
#include "pipeline/estimate.h"

#include "base/clock.h"
#include "tensor/values.h"

#include <math.h>
#include <stdlib.h>

/* What a call works off a second, over what the product multiplies. Measured with SVD-XT's sizes and the bundled
 * model's (docs/PERFORMANCE.md). Of bf16 on a processor without instructions for it, the product loses more to widening
 * and rounding than the rest of a call. */
static const double RATE_OVER_PRODUCT = 1.10, RATE_OVER_WIDENED = 1.17;

/* The product that is timed: once to touch its memory, then until this share of the call has gone by, or these seconds.
 */
enum { ROWS = 512, FEW_ROWS = 64, SIZE = 1024, MOST_TIMES = 25 };
static const double SHARE_OF_RUN = 0.01, MOST_SECONDS = 0.15;
/* A call of less, a few seconds long, is not worth more than a few rows. */
static const double SMALL_RUN = 1e11;
/* Plans that are compared are made one after the other; what else the machine does changes in minutes. */
static const double KEPT_SECONDS = 60;

static int rows_of(double cost) {
    return cost < SMALL_RUN ? FEW_ROWS : ROWS;
}

/* Cost a second, by the fastest of the run's product; of nothing on a dry pool. In so short a time another process, or
 * threads that the system has put on one processor, slow most of them by half, where a call of minutes is slowed by a
 * few hundredths. */
static double time_product(i2v_run *run, const i2v_linear *weights, double cost) {
    int rows = rows_of(cost);
    i2v_tensor x = i2v_tensor_new(run, 1, 1, rows, SIZE), out = i2v_tensor_new(run, 1, 1, rows, SIZE);
    double fastest = HUGE_VAL, work = (double)rows * SIZE * SIZE, began = i2v_now(), now = began, enough = 0;
    int times = 0;
    i2v_tensor_zero(run, x);
    for (int i = 0; i == 0 || (times < MOST_TIMES && (times == 0 || now - began < enough)); i++) {
        double start = now;
        i2v_op_linear(run, out, x, NULL, weights, i2v_epilogue_plain());
        now = i2v_now();
        if (i > 0) times++;
        if (i > 0 && now - start < fastest) fastest = now - start;
        double share = SHARE_OF_RUN * cost / work * (now - start);
        enough = share < MOST_SECONDS ? share : MOST_SECONDS;
    }
    i2v_tensor_free(run, &out);
    i2v_tensor_free(run, &x);
    const i2v_filter *filter = &weights->parts[0].filter;
    int is_widened = filter->input == I2V_ELEMENT_BF16 && filter->packing != I2V_PACKING_PAIRS_BF16;
    return fastest > 0 ? (is_widened ? RATE_OVER_WIDENED : RATE_OVER_PRODUCT) * work / fastest : 0;
}

/* On a pool of `bytes`, dry if 0; *peak is what it takes. */
static i2v_status time_on_pool(double *rate, uint64_t *peak, uint64_t bytes, const i2v_engine *engine,
                               const i2v_linear *weights, double cost, i2v_error *error) {
    const i2v_model *model = engine->model;
    i2v_run run = {.backend = model->backend, .device = engine->device, .element = model->element, .error = error};
    i2v_status status = i2v_pool_new(&run.pool, run.backend, &run.device, bytes, error);
    if (status) return status;
    *rate = time_product(&run, weights, cost);
    *peak = i2v_pool_peak(run.pool);
    i2v_pool_free(run.pool);
    return run.status;
}

static i2v_status measure(double *rate, const i2v_engine *engine, double cost, i2v_error *error) {
    const i2v_backend *backend = engine->model->backend;
    i2v_filter filter = {
        .in = SIZE, .out = SIZE, .taps = 1, .element = I2V_ELEMENT_F16, .input = engine->model->element};
    size_t count = (size_t)SIZE * SIZE;
    uint16_t *values = calloc(count, sizeof *values);
    filter.packing = backend->choose_packing(&engine->device, filter.element, filter.input, filter.in, filter.taps);
    void *packed = backend->memory->allocate(&engine->device, backend->filter_size(&engine->device, &filter));
    uint64_t bytes = 0;
    *rate = 0;
    i2v_status status = I2V_OK;
    if (values && packed) {
        i2v_source source = {.bytes = {.data = (const uint8_t *)values}, .element = I2V_ELEMENT_F16, .scale = 1};
        status = backend->filter_pack(&engine->device, &filter, &source, NULL, packed, error);
        filter.packed = packed;
        i2v_linear weights = {.in = SIZE, .out = SIZE, .parts_count = 1, .parts = {{.filter = filter}}};
        if (!status) status = time_on_pool(rate, &bytes, 0, engine, &weights, cost, error);
        if (!status) status = time_on_pool(rate, &bytes, bytes, engine, &weights, cost, error);
    } else {
        status = i2v_fail_memory(error, "the estimate", count * sizeof *values);
    }
    backend->memory->free(packed);
    free(values);
    return status;
}

i2v_status i2v_estimate_rate(double *rate, i2v_engine *engine, double cost, i2v_error *error) {
    int rows = rows_of(cost);
    *rate = engine->rate.cost_a_second;
    if (*rate > 0 && engine->rate.rows >= rows && i2v_now() - engine->rate.at < KEPT_SECONDS) return I2V_OK;
    i2v_status status = measure(rate, engine, cost, error);
    engine->rate.cost_a_second = status ? 0 : *rate;
    engine->rate.at = i2v_now();
    engine->rate.rows = rows;
    return status;
}
