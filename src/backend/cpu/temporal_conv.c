/* Convolutions over frames: products of up to three spans, the frames before, at and after the output's. */
#include "backend/cpu/product.h"

#include "base/parallel.h"

typedef struct temporal_conv_job {
    const i2v_kernels *kernels;
    const i2v_temporal_conv_args *args;
    int64_t pixels; /* of a frame */
    int64_t rows, row_tiles;
    int columns, column_tiles;
    float *sums, *expanded; /* per thread */
    int64_t sums_stride, expanded_stride;
} temporal_conv_job;

static size_t plan(temporal_conv_job *job, const i2v_kernels *kernels, const i2v_device *device,
                   const i2v_temporal_conv_args *args, void *memory) {
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team), out = args->weights->filter.out;
    *job = (temporal_conv_job){.kernels = kernels, .args = args};
    job->pixels = (int64_t)args->x.height * args->x.width;
    job->rows = i2v_product_rows(job->pixels, 0);
    job->row_tiles = i2v_tiles(job->pixels, job->rows);
    job->columns = i2v_product_columns(kernels, job->row_tiles * args->x.frames, out);
    job->column_tiles = (int)i2v_tiles(out, job->columns);
    job->sums = i2v_scratch_per_thread(&scratch, threads, job->rows * job->columns, &job->sums_stride);
    job->expanded = i2v_scratch_per_thread(&scratch, threads, i2v_product_expanded(kernels), &job->expanded_stride);
    return scratch.used;
}

static void temporal_conv_item(void *argument, int64_t item, int thread) {
    const temporal_conv_job *job = argument;
    const i2v_filter *filter = &job->args->weights->filter;
    int64_t row = item / job->column_tiles % job->row_tiles * job->rows;
    int64_t frame = item / job->column_tiles / job->row_tiles;
    i2v_product_line line = {.out = frame * job->pixels + row, .rows = (int)i2v_min(job->rows, job->pixels - row)};
    i2v_product_span spans[3];
    i2v_product product = {.kernels = job->kernels,
                           .spans = spans,
                           .lines = &line,
                           .lines_count = 1,
                           .step = 1,
                           .out_step = 1,
                           .filter = filter,
                           .bias = job->args->weights->bias,
                           .first_column = (int)(item % job->column_tiles) * job->columns,
                           .out_columns = filter->out,
                           .sums = job->sums + thread * job->sums_stride,
                           .sums_stride = job->columns,
                           .expanded = job->expanded + thread * job->expanded_stride};
    product.columns = (int)i2v_min(job->columns, filter->out - product.first_column);
    for (int tap = 0; tap < filter->taps; tap++) {
        int64_t from = frame + tap - filter->taps / 2;
        if (from < 0 || from >= job->args->x.frames) continue;
        spans[product.spans_count++] =
            (i2v_product_span){.a = job->args->x.data + (from * job->pixels + row) * filter->in,
                               .pixel = filter->in,
                               .depth = filter->in,
                               .first = (int64_t)tap * filter->in};
    }
    i2v_product_sum(&product, 0);
    i2v_product_write(&product, &job->args->epilogue, job->args->out.data);
}

size_t i2v_cpu_temporal_conv_scratch(const i2v_kernels *kernels, const i2v_device *device,
                                     const i2v_temporal_conv_args *args) {
    temporal_conv_job job;
    return plan(&job, kernels, device, args, NULL);
}

i2v_status i2v_cpu_temporal_conv(const i2v_kernels *kernels, const i2v_device *device,
                                 const i2v_temporal_conv_args *args, void *scratch, i2v_error *error) {
    temporal_conv_job job;
    plan(&job, kernels, device, args, scratch);
    int64_t items = job.row_tiles * job.column_tiles * args->x.frames;
    i2v_parallel(device->team, items, device->cancel, temporal_conv_item, &job);
    return I2V_OK;
}
