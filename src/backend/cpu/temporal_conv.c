/* Convolutions over frames as up to three matrix products: the frames before, at and after the output's. */
#ifdef I2V_ONEDNN
#include "backend/cpu/product.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

typedef struct temporal_conv_job {
    const i2v_kernels *kernels;
    const i2v_temporal_conv_args *args;
    int64_t pixels; /* of a frame */
    int64_t rows, row_tiles;
    int columns, column_tiles;
    float *product;
    int64_t product_stride;
    atomic_int failure;
} temporal_conv_job;

static size_t plan(temporal_conv_job *job, const i2v_kernels *kernels, const i2v_device *device,
                   const i2v_temporal_conv_args *args, void *memory) {
    i2v_scratch scratch = {memory, 0};
    *job = (temporal_conv_job){.kernels = kernels, .args = args};
    i2v_product_tiling tiling = i2v_product_tiling_of(i2v_tensor_rows(&args->x));
    job->pixels = (int64_t)args->x.height * args->x.width;
    job->rows = i2v_even_tile(job->pixels, tiling.rows);
    job->row_tiles = i2v_tiles(job->pixels, job->rows);
    job->columns = tiling.columns;
    job->column_tiles = (int)i2v_tiles(args->weights->out, job->columns);
    job->product =
        i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), job->rows * job->columns, &job->product_stride);
    return scratch.used;
}

static void temporal_conv_item(void *argument, int64_t item, int thread) {
    temporal_conv_job *job = argument;
    const i2v_temporal_conv *conv = job->args->weights;
    int column = (int)(item % job->column_tiles) * job->columns;
    int64_t row = item / job->column_tiles % job->row_tiles * job->rows;
    int64_t frame = item / job->column_tiles / job->row_tiles;
    i2v_product_tile tile = {.rows = (int)i2v_min(job->rows, job->pixels - row),
                             .columns = (int)i2v_min(job->columns, conv->out - column),
                             .bias = conv->bias ? conv->bias + column : NULL,
                             .first_row = frame * job->pixels + row,
                             .first_column = column,
                             .out_columns = conv->out,
                             .product = job->product + thread * job->product_stride};
    for (int tap = 0; tap < 3; tap++) {
        int64_t from = frame + tap - 1;
        if (from < 0 || from >= job->args->x.frames) continue;
        tile.sources[tile.sources_count++] =
            (i2v_product_source){.x = job->args->x.data + (from * job->pixels + row) * conv->in,
                                 .weight = conv->taps[tap] + (int64_t)column * conv->in,
                                 .x_stride = conv->in,
                                 .weight_stride = conv->in,
                                 .depth = conv->in};
    }
    i2v_product_note(&job->failure, i2v_product_write(job->kernels, &tile, &job->args->epilogue, job->args->out.data));
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
    return i2v_product_result(&job.failure, "convolution over frames", error);
}
#else
typedef int i2v_temporal_conv_is_left_out; /* a file is not empty */
#endif
