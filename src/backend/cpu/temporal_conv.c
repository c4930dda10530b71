/* Convolutions over frames: a tile is all frames of some pixels, read once as [frame][pixel]. So the rows that a tap
 * meets are the tile's own rows, a frame further or before. With frames and channels enough, they are Winograd's. */
#include "backend/cpu/frame_rows.h"
#include "backend/cpu/winograd.h"

#include "base/parallel.h"

/* Floats of a tile's input at most, and its rows where few frames leave room for more. */
#define INPUT_SIZE (256 * 1024)
#define MOST_ROWS 256

typedef struct temporal_conv_job {
    const i2v_kernels *kernels;
    const i2v_temporal_conv_args *args;
    i2v_frame_rows in;
    int64_t pixels, tiles; /* pixels of a tile, in each frame */
    int columns, column_tiles, columns_apart;
    float *read, *sums, *expanded; /* per thread */
    int64_t read_stride, sums_stride, expanded_stride;
    i2v_product_line *lines; /* per thread: a frame's rows of out */
} temporal_conv_job;

static size_t plan(temporal_conv_job *job, const i2v_device *device, const i2v_temporal_conv_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team), out = args->weights->filter.out;
    int64_t frames = args->x.frames, channels = args->x.channels;
    *job = (temporal_conv_job){.kernels = kernels, .args = args, .in = i2v_frame_rows_of(kernels, args)};
    int64_t row = i2v_product_floats(job->in.pairs, channels);
    int64_t pixels = i2v_min(MOST_ROWS / frames, INPUT_SIZE / (frames * row));
    job->pixels = i2v_even_tile(job->in.pixels, pixels < 4 ? 4 : pixels);
    job->tiles = i2v_divide_up(job->in.pixels, job->pixels);
    job->columns = i2v_product_columns(kernels, job->tiles, out);
    job->column_tiles = (int)i2v_divide_up(out, job->columns);
    job->columns_apart = job->columns < I2V_PRODUCT_COLUMNS;
    int64_t rows = frames * job->pixels;
    job->read = i2v_scratch_per_thread(&scratch, threads, rows * row, &job->read_stride);
    job->sums = i2v_scratch_per_thread(&scratch, threads, rows * i2v_spread_rows(job->columns), &job->sums_stride);
    job->expanded = i2v_scratch_per_thread(&scratch, threads, i2v_product_expanded(kernels), &job->expanded_stride);
    job->lines = i2v_scratch_take(&scratch, (size_t)(threads * frames) * sizeof *job->lines);
    return scratch.used;
}

/* Adds the products with the frames `shift` away; frames that have none there get nothing. */
static void sum_tap(i2v_product product, const float *read, int64_t pixels, int64_t frames, int shift) {
    int64_t out_frame = shift < 0 ? -shift : 0, in_frame = shift > 0 ? shift : 0;
    int64_t rows = (frames - out_frame - in_frame) * pixels, channels = product.filter->in;
    if (rows <= 0) return;
    i2v_product_line line = {.rows = (int)rows};
    int64_t first = in_frame * pixels * channels;
    i2v_product_span span = {.a = read + (product.pairs ? first / 2 : first),
                             .pixel = channels,
                             .depth = channels,
                             .first = (shift + 1) * channels};
    product.spans = &span;
    product.spans_count = 1;
    product.lines = &line;
    product.lines_count = 1;
    product.sums += out_frame * pixels * product.sums_stride;
    i2v_product_sum(&product, shift != 0);
}

static void column_tile(const temporal_conv_job *job, i2v_product product, int index, const float *read) {
    const i2v_temporal_conv_args *args = job->args;
    int64_t pixels = product.lines[0].rows;
    product.first_column = index * job->columns;
    product.columns = (int)i2v_min(job->columns, product.filter->out - product.first_column);
    static const int shifts[] = {0, -1, 1}; /* the frame itself first: it covers all rows */
    for (int i = 0; i < 3; i++) sum_tap(product, read, pixels, args->x.frames, shifts[i]);
    i2v_product_write(&product, &args->epilogue, args->out.element, args->out.data);
}

static void temporal_conv_item(void *argument, int64_t item, int thread) {
    const temporal_conv_job *job = argument;
    const i2v_filter *filter = &job->args->weights->filter;
    int per_tile = job->columns_apart ? job->column_tiles : 1, frames = job->args->x.frames;
    int64_t first = item / per_tile * job->pixels, pixels = i2v_min(job->pixels, job->in.pixels - first);
    float *read = job->read + thread * job->read_stride;
    i2v_product_line *lines = job->lines + (int64_t)thread * frames;
    i2v_frame_rows_lines(&job->in, first, pixels, lines);
    i2v_frame_rows_read(&job->in, first, pixels, i2v_product_element(job->in.pairs), read);
    i2v_product product = {.kernels = job->kernels,
                           .pairs = job->in.pairs,
                           .lines = lines,
                           .lines_count = frames,
                           .step = 1,
                           .out_step = 1,
                           .filter = filter,
                           .bias = job->args->weights->bias,
                           .out_columns = filter->out,
                           .sums = job->sums + thread * job->sums_stride,
                           .sums_stride = i2v_spread_rows(job->columns),
                           .expanded = job->expanded + thread * job->expanded_stride};
    int begin = (int)(item % per_tile), end = job->columns_apart ? begin + 1 : job->column_tiles;
    for (int i = begin; i < end; i++) column_tile(job, product, i, read);
}

size_t i2v_cpu_temporal_conv_scratch(const i2v_device *device, const i2v_temporal_conv_args *args) {
    const i2v_kernels *kernels = device->kernels;
    if (i2v_winograd_frames_fit(kernels, args)) return i2v_winograd_frames_scratch(device, args);
    temporal_conv_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_temporal_conv(const i2v_device *device, const i2v_temporal_conv_args *args, void *scratch,
                                 i2v_error *error) {
    const i2v_kernels *kernels = device->kernels;
    if (i2v_winograd_frames_fit(kernels, args)) {
        i2v_winograd_frames(device, args, scratch);
        return I2V_OK;
    }
    temporal_conv_job job;
    plan(&job, device, args, scratch);
    int64_t items = job.tiles * (job.columns_apart ? job.column_tiles : 1);
    i2v_parallel(device->team, items, device->cancel, temporal_conv_item, &job);
    return I2V_OK;
}
