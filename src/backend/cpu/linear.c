/* Linear layers in tiles of rows x columns of one part. */
#include "backend/cpu/int8.h"

#include "base/parallel.h"

typedef struct linear_job {
    const i2v_kernels *kernels;
    const i2v_linear_args *args;
    i2v_product_input input;
    int64_t rows, row_tiles;
    int columns, column_tiles; /* of a tile; over all parts */
    int items_per_row;         /* 1 or column_tiles */
    int pairs;                 /* see i2v_product */
    int is_int8;
    /* per thread; read: a tile's rows, and one more as f32, or NULL if the input is multiplied where it lies */
    float *sums, *read, *expanded;
    int64_t sums_stride, read_stride, expanded_stride;
} linear_job;

static size_t plan(linear_job *job, const i2v_device *device, const i2v_linear_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team);
    *job = (linear_job){.kernels = kernels, .args = args};
    job->input = (i2v_product_input){.kernels = kernels,
                                     .element = args->element,
                                     .source = {args->source[0], args->source[1]},
                                     .channels = {args->source_channels[0], args->source_channels[1]},
                                     .norm = &args->input_norm};
    job->pairs = i2v_product_is_of_pairs(kernels, args->element, args->source_channels[0], args->source_channels[1]);
    job->is_int8 = i2v_linear_is_int8(args->weights);
    int reads = args->norm || job->is_int8 || !i2v_product_input_is_plain(&job->input, job->pairs);
    int64_t row =
        job->is_int8 ? i2v_int8_row_floats(args->weights->in) : i2v_product_floats(job->pairs, args->weights->in);
    job->rows = i2v_product_rows(args->rows, reads ? row : 0, threads);
    job->row_tiles = i2v_divide_up(args->rows, job->rows);
    job->columns = i2v_product_columns(kernels, job->row_tiles, args->weights->out);
    for (int p = 0; p < args->weights->parts_count; p++) {
        job->column_tiles += (int)i2v_divide_up(args->weights->parts[p].filter.out, job->columns);
    }
    /* rows are read and normed once where tiles of whole rows are enough */
    job->items_per_row = job->columns == I2V_PRODUCT_COLUMNS ? 1 : job->column_tiles;
    job->sums = i2v_scratch_per_thread(&scratch, threads, job->rows * i2v_spread_rows(job->columns), &job->sums_stride);
    job->expanded = i2v_scratch_per_thread(&scratch, threads, i2v_product_expanded(kernels), &job->expanded_stride);
    if (reads) {
        int64_t floats = job->rows * row + (args->norm || job->is_int8 ? args->weights->in : 0);
        job->read = i2v_scratch_per_thread(&scratch, threads, floats, &job->read_stride);
    }
    return scratch.used;
}

/* Column tile `index` of the product's rows, or of those of int8. */
static void column_tile(const linear_job *job, int index, i2v_product product, const i2v_int8_rows *rows) {
    const i2v_linear_args *args = job->args;
    const i2v_linear *weights = args->weights;
    int part = 0;
    for (; index >= i2v_divide_up(weights->parts[part].filter.out, job->columns); part++) {
        index -= (int)i2v_divide_up(weights->parts[part].filter.out, job->columns);
        product.part_column += weights->parts[part].filter.out;
    }
    product.filter = &weights->parts[part].filter;
    product.bias = weights->parts[part].bias;
    product.first_column = index * job->columns;
    product.columns = (int)i2v_min(job->columns, product.filter->out - product.first_column);
    if (job->is_int8) {
        i2v_int8_sum(&product, rows, 0, 0);
    } else {
        i2v_product_sum(&product, 0);
    }
    i2v_product_write(&product, &args->epilogue, args->out_element, args->out);
}

/* Reads the line's rows, which the product finds there from then on. */
static void read_rows(const linear_job *job, float *read, int64_t first, i2v_product_line *line, i2v_product *product,
                      i2v_product_span *span, i2v_int8_rows *rows) {
    const i2v_linear_args *args = job->args;
    int in = args->weights->in;
    if (job->is_int8) {
        *rows = i2v_int8_rows_at(in, read);
        i2v_int8_read(&job->input, args->norm, first, line->rows, read + line->rows * rows->row, rows);
        return;
    }
    float *row = read + i2v_product_floats(job->pairs, (int64_t)line->rows * in);
    i2v_product_read_normed(&job->input, args->norm, i2v_product_element(job->pairs), first, line->rows, row, read);
    line->pixel = 0;
    *span = (i2v_product_span){read, in, in, 0};
    product->spans_count = 1;
}

static void linear_item(void *argument, int64_t item, int thread) {
    const linear_job *job = argument;
    const i2v_linear_args *args = job->args;
    int64_t first = item / job->items_per_row * job->rows;
    int channels = args->source_channels[0], rest = args->source_channels[1];
    i2v_product_line line = {.pixel = first, .out = first, .rows = (int)i2v_min(job->rows, args->rows - first)};
    i2v_product_span spans[2] = {{args->source[0], channels, channels, 0}, {args->source[1], rest, rest, channels}};
    i2v_product product = {.kernels = job->kernels,
                           .pairs = job->pairs,
                           .spans = spans,
                           .spans_count = rest ? 2 : 1,
                           .lines = &line,
                           .lines_count = 1,
                           .step = 1,
                           .out_step = 1,
                           .out_columns = args->weights->out,
                           .sums = job->sums + thread * job->sums_stride,
                           .sums_stride = i2v_spread_rows(job->columns),
                           .expanded = job->expanded + thread * job->expanded_stride};
    i2v_int8_rows rows = {0};
    if (job->read) read_rows(job, job->read + thread * job->read_stride, first, &line, &product, spans, &rows);
    int begin = (int)(item % job->items_per_row), end = job->items_per_row == 1 ? job->column_tiles : begin + 1;
    for (int i = begin; i < end; i++) column_tile(job, i, product, &rows);
}

size_t i2v_cpu_linear_scratch(const i2v_device *device, const i2v_linear_args *args) {
    linear_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_linear(const i2v_device *device, const i2v_linear_args *args, void *scratch, i2v_error *error) {
    linear_job job;
    plan(&job, device, args, scratch);
    i2v_parallel(device->team, job.row_tiles * job.items_per_row, device->cancel, linear_item, &job);
    return I2V_OK;
}
