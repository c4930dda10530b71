/* Convolutions over frames by Winograd's method: a tile is some pixels of all frames, read once as [frame][pixel] with
 * a frame of zeros before the first and as many after the last as tiles of m outputs need. */
#include "backend/cpu/frame_rows.h"
#include "backend/cpu/winograd.h"

#include "base/parallel.h"

#include <string.h>

/* Rows of a point's product: the transformed weights are made once for all of them. */
#define ROWS 96
/* Output channels of a tile at most. */
#define COLUMNS 128

typedef struct frames_job {
    const i2v_kernels *kernels;
    const i2v_temporal_conv_args *args;
    i2v_frame_rows in;
    int m, points; /* outputs of a tile; products of a tile, m + 2 */
    int64_t tiles; /* in time */
    int64_t pixels, pixel_tiles;
    int columns, column_tiles, columns_apart;
    float *read, *transformed, *weights, *sums, *out; /* per thread */
    int64_t read_stride, transformed_stride, weights_stride, sums_stride, out_stride;
    i2v_product_line *lines; /* per thread: a frame's rows of out */
} frames_job;

/* Products for each pixel, of tiles of m outputs; and where they are summed directly, where the frame before the first
 * and the one after the last are left out. */
static int64_t products_of_tiles(int64_t frames, int m) {
    return i2v_divide_up(frames, m) * (m + 2);
}
static int64_t products_of_sums(int64_t frames) {
    return 3 * frames - 2;
}

/* The tile of least products. Pairs are rounded after the transform, which tiles of 4 would magnify. */
static int tile_of(int64_t frames, int pairs) {
    return !pairs && products_of_tiles(frames, 4) <= products_of_tiles(frames, 2) ? 4 : 2;
}

int i2v_winograd_frames_fit(const i2v_kernels *kernels, const i2v_temporal_conv_args *args) {
    const i2v_filter *filter = &args->weights->filter;
    int pairs = i2v_product_is_of_pairs(kernels, args->x.element, args->x.channels, 0);
    int64_t frames = args->x.frames, products = products_of_tiles(frames, tile_of(frames, pairs));
    return filter->packing != I2V_PACKING_PAIRS_BF16 && filter->in >= I2V_WINOGRAD_LEAST_CHANNELS &&
           filter->out >= I2V_WINOGRAD_LEAST_CHANNELS && products * 5 <= products_of_sums(frames) * 4;
}

static size_t plan(frames_job *job, const i2v_device *device, const i2v_temporal_conv_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team), out = args->weights->filter.out;
    int64_t frames = args->x.frames, channels = args->x.channels;
    *job = (frames_job){.kernels = kernels, .args = args, .in = i2v_frame_rows_of(kernels, args)};
    job->m = tile_of(frames, job->in.pairs);
    job->points = job->m + 2;
    job->tiles = i2v_divide_up(frames, job->m);
    job->pixels = i2v_even_tile(job->in.pixels, i2v_divide_up(ROWS, job->tiles));
    job->pixel_tiles = i2v_divide_up(job->in.pixels, job->pixels);
    job->columns = (int)i2v_min(COLUMNS, i2v_product_columns(kernels, job->pixel_tiles, out));
    job->column_tiles = (int)i2v_divide_up(out, job->columns);
    job->columns_apart = job->columns < COLUMNS;
    int64_t rows = job->tiles * job->pixels;
    job->read = i2v_scratch_per_thread(&scratch, threads, (job->m * job->tiles + 2) * job->pixels * channels,
                                       &job->read_stride);
    job->transformed = i2v_scratch_per_thread(
        &scratch, threads, job->points * rows * channels / (job->in.pairs ? 2 : 1), &job->transformed_stride);
    job->weights = i2v_scratch_per_thread(&scratch, threads, i2v_winograd_weights_floats(kernels, job->points),
                                          &job->weights_stride);
    job->sums = i2v_scratch_per_thread(&scratch, threads, job->points * rows * job->columns, &job->sums_stride);
    job->out = i2v_scratch_per_thread(&scratch, threads, job->m * rows * job->columns, &job->out_stride);
    job->lines = i2v_scratch_take(&scratch, (size_t)(threads * frames) * sizeof *job->lines);
    return scratch.used;
}

/* The pixels of all frames through the norm, then their transform: out[points][tiles][pixels][in]. */
static void transform_input(const frames_job *job, int64_t first, int64_t pixels, float *read, float *out) {
    int64_t frames = job->args->x.frames, frame = pixels * job->args->x.channels, padded = job->m * job->tiles + 2;
    memset(read, 0, (size_t)frame * sizeof *read);
    i2v_frame_rows_read(&job->in, first, pixels, I2V_ELEMENT_F32, read + frame);
    memset(read + (frames + 1) * frame, 0, (size_t)((padded - frames - 1) * frame) * sizeof *read);
    i2v_element element = i2v_product_element(job->in.pairs);
    for (int64_t t = 0; t < job->tiles; t++) {
        job->kernels->winograd_frames_input(job->m, read + t * job->m * frame, frame, frame, element,
                                            (char *)out + t * frame * (int64_t)i2v_element_size(element),
                                            job->tiles * frame);
    }
}

static void frames_item(void *argument, int64_t item, int thread) {
    const frames_job *job = argument;
    const i2v_temporal_conv_args *args = job->args;
    const i2v_filter *filter = &args->weights->filter;
    int per_tile = job->columns_apart ? job->column_tiles : 1, frames = args->x.frames;
    int64_t first = item / per_tile * job->pixels, pixels = i2v_min(job->pixels, job->in.pixels - first);
    float *transformed = job->transformed + thread * job->transformed_stride;
    float *sums = job->sums + thread * job->sums_stride, *out = job->out + thread * job->out_stride;
    i2v_product_line *lines = job->lines + (int64_t)thread * frames;
    i2v_frame_rows_lines(&job->in, first, pixels, lines);
    transform_input(job, first, pixels, job->read + thread * job->read_stride, transformed);
    i2v_winograd_products products = {.kernels = job->kernels,
                                      .filter = filter,
                                      .transform = job->kernels->winograd_frames_weights,
                                      .pairs = job->in.pairs,
                                      .m = job->m,
                                      .points = job->points,
                                      .rows = job->tiles * pixels,
                                      .transformed = transformed,
                                      .weights = job->weights + thread * job->weights_stride,
                                      .sums = sums,
                                      .sums_stride = job->columns};
    int64_t row = pixels * job->columns;
    int begin = (int)(item % per_tile), end = job->columns_apart ? begin + 1 : job->column_tiles;
    for (int i = begin; i < end; i++) {
        int column = i * job->columns, columns = (int)i2v_min(job->columns, filter->out - column);
        i2v_winograd_sum(&products, column, columns);
        for (int64_t t = 0; t < job->tiles; t++) {
            job->kernels->winograd_frames_output(job->m, sums + t * row, job->tiles * row, row, out + t * job->m * row,
                                                 row);
        }
        i2v_product product = {.kernels = job->kernels,
                               .lines = lines,
                               .lines_count = frames,
                               .out_step = 1,
                               .filter = filter,
                               .bias = args->weights->bias,
                               .first_column = column,
                               .columns = columns,
                               .out_columns = filter->out,
                               .sums = out,
                               .sums_stride = job->columns};
        i2v_product_write(&product, &args->epilogue, args->out.element, args->out.data);
    }
}

size_t i2v_winograd_frames_scratch(const i2v_device *device, const i2v_temporal_conv_args *args) {
    frames_job job;
    return plan(&job, device, args, NULL);
}

void i2v_winograd_frames(const i2v_device *device, const i2v_temporal_conv_args *args, void *scratch) {
    frames_job job;
    plan(&job, device, args, scratch);
    i2v_parallel(device->team, job.pixel_tiles * (job.columns_apart ? job.column_tiles : 1), device->cancel,
                 frames_item, &job);
}
