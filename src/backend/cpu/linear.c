/* Linear layers in tiles of rows x columns of one part. */
#ifdef I2V_ONEDNN
#include "backend/cpu/product.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

/* With this many tiles of rows, threads have enough to do without splitting columns, and a norm is computed once. */
#define WHOLE_ROWS_FROM 32

typedef struct linear_job {
    const i2v_kernels *kernels;
    const i2v_linear_args *args;
    i2v_product_tiling tiling;
    int column_tiles;  /* over all parts */
    int items_per_row; /* 1 or column_tiles */
    float *product, *normed;
    int64_t product_stride, normed_stride;
    atomic_int failure;
} linear_job;

static size_t plan(linear_job *job, const i2v_kernels *kernels, const i2v_device *device, const i2v_linear_args *args,
                   void *memory) {
    i2v_scratch scratch = {memory, 0};
    *job = (linear_job){.kernels = kernels, .args = args, .tiling = i2v_product_tiling_of(args->rows)};
    for (int p = 0; p < args->weights->parts_count; p++) {
        job->column_tiles += (int)i2v_tiles(args->weights->parts[p].out, job->tiling.columns);
    }
    job->items_per_row = job->tiling.row_tiles >= WHOLE_ROWS_FROM ? 1 : job->column_tiles;
    job->product = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), job->tiling.rows * job->tiling.columns,
                                          &job->product_stride);
    if (args->norm) {
        job->normed = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team),
                                             job->tiling.rows * args->weights->in, &job->normed_stride);
    }
    return scratch.used;
}

/* The tile's sources, given the weights' first row. */
static void set_sources(const linear_job *job, i2v_product_tile *tile, const float *weight, const float *normed) {
    const i2v_linear_args *args = job->args;
    tile->sources_count = args->source_channels[1] ? 2 : 1;
    for (int s = 0; s < tile->sources_count; s++) {
        int channels = args->source_channels[s];
        tile->sources[s] = (i2v_product_source){.x = args->source[s] + tile->first_row * channels,
                                                .weight = weight + (s ? args->source_channels[0] : 0),
                                                .x_stride = channels,
                                                .weight_stride = args->weights->in,
                                                .depth = channels};
    }
    if (normed) tile->sources[0].x = normed;
}

static int column_tile(const linear_job *job, int index, i2v_product_tile tile, const float *normed) {
    const i2v_linear *weights = job->args->weights;
    int part = 0, columns = job->tiling.columns;
    for (; index >= i2v_tiles(weights->parts[part].out, columns); part++) {
        index -= (int)i2v_tiles(weights->parts[part].out, columns);
        tile.first_column += weights->parts[part].out;
    }
    int begin = index * columns;
    tile.first_column += begin;
    tile.columns = (int)i2v_min(columns, weights->parts[part].out - begin);
    tile.bias = weights->parts[part].bias ? weights->parts[part].bias + begin : NULL;
    set_sources(job, &tile, weights->parts[part].weight + (int64_t)begin * weights->in, normed);
    return i2v_product_write(job->kernels, &tile, &job->args->epilogue, job->args->out);
}

static void linear_item(void *argument, int64_t item, int thread) {
    linear_job *job = argument;
    const i2v_linear_args *args = job->args;
    int64_t first_row = item / job->items_per_row * job->tiling.rows;
    i2v_product_tile tile = {.rows = (int)i2v_min(job->tiling.rows, args->rows - first_row),
                             .first_row = first_row,
                             .out_columns = args->weights->out,
                             .product = job->product + thread * job->product_stride};
    float *normed = args->norm ? job->normed + thread * job->normed_stride : NULL;
    for (int64_t r = 0; normed && r < tile.rows; r++) {
        int channels = args->source_channels[0];
        job->kernels->layer_norm(args->norm, args->source[0] + (first_row + r) * channels, channels,
                                 normed + r * channels);
    }
    int begin = (int)(item % job->items_per_row), end = job->items_per_row == 1 ? job->column_tiles : begin + 1;
    for (int i = begin; i < end; i++) i2v_product_note(&job->failure, column_tile(job, i, tile, normed));
}

size_t i2v_cpu_linear_scratch(const i2v_kernels *kernels, const i2v_device *device, const i2v_linear_args *args) {
    linear_job job;
    return plan(&job, kernels, device, args, NULL);
}

i2v_status i2v_cpu_linear(const i2v_kernels *kernels, const i2v_device *device, const i2v_linear_args *args,
                          void *scratch, i2v_error *error) {
    linear_job job;
    plan(&job, kernels, device, args, scratch);
    i2v_parallel(device->team, job.tiling.row_tiles * job.items_per_row, device->cancel, linear_item, &job);
    return i2v_product_result(&job.failure, "matrix product", error);
}
#else
typedef int i2v_linear_is_left_out; /* a file is not empty */
#endif
