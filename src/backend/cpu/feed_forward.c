/* GEGLU feed-forward: a tile of rows goes through both matrices, a block of hidden columns at a time, so that hidden
 * values never leave the cache. */
#include "backend/cpu/int8.h"

#include "base/parallel.h"

/* Hidden columns of one product; and those that both products have in turn, of which tiles have more, so that sums
 * are read and written less often. */
#define STRIP I2V_PRODUCT_COLUMNS
#define BLOCK_OF_TILES (5 * STRIP)

typedef struct feed_forward_job {
    const i2v_kernels *kernels;
    const i2v_feed_forward_args *args;
    i2v_product_input input;
    int64_t rows, row_tiles;
    int pairs; /* see i2v_product */
    int is_int8;
    int block; /* hidden columns in turn: a strip, or several */
    /* per thread; read: a tile's rows, and one more as f32. value and gate: [rows][STRIP], spread. hidden:
     * [rows][block], a strip in place of value. rounded: a strip of hidden as int8. */
    float *read, *value, *gate, *hidden, *rounded, *sums, *expanded;
    int64_t read_stride, value_stride, gate_stride, hidden_stride, rounded_stride, sums_stride, expanded_stride;
    int64_t hidden_row;          /* values from row to row of hidden */
    int64_t strip_row, sums_row; /* floats from row to row of value and gate, of sums */
} feed_forward_job;

static size_t plan(feed_forward_job *job, const i2v_device *device, const i2v_feed_forward_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team), in = args->geglu->in;
    static const i2v_input_norm none = {0};
    *job = (feed_forward_job){.kernels = kernels, .args = args};
    job->input = (i2v_product_input){
        .kernels = kernels, .element = args->element, .source = {args->x}, .channels = {in}, .norm = &none};
    job->is_int8 = i2v_linear_is_int8(args->geglu);
    job->pairs = !job->is_int8 && i2v_product_is_of_pairs(kernels, args->element, in, args->output->in);
    job->strip_row = i2v_spread_rows(STRIP);
    job->sums_row = i2v_spread_rows(i2v_round_up(args->output->out, kernels->panel));
    job->rows = i2v_product_rows(args->rows, i2v_min(in, args->output->out), threads);
    job->row_tiles = i2v_divide_up(args->rows, job->rows);
    job->block = i2v_product_is_by_tiles(kernels, job->pairs) ? BLOCK_OF_TILES : STRIP;
    int64_t read = job->is_int8 ? job->rows * i2v_int8_row_floats(in) : i2v_product_floats(job->pairs, job->rows * in);
    job->read = i2v_scratch_per_thread(&scratch, threads, read + in, &job->read_stride);
    job->value = i2v_scratch_per_thread(&scratch, threads, job->rows * job->strip_row, &job->value_stride);
    job->gate = i2v_scratch_per_thread(&scratch, threads, job->rows * job->strip_row, &job->gate_stride);
    job->hidden = job->value;
    job->hidden_stride = job->value_stride;
    job->hidden_row = job->strip_row * (job->pairs ? 2 : 1); /* a row of bf16 lies at the begin of its row of f32 */
    if (job->block > STRIP) {
        job->hidden = i2v_scratch_per_thread(&scratch, threads, job->rows * job->block / 2, &job->hidden_stride);
        job->hidden_row = job->block;
    }
    if (job->is_int8) {
        job->rounded =
            i2v_scratch_per_thread(&scratch, threads, job->rows * i2v_int8_row_floats(STRIP), &job->rounded_stride);
    }
    job->sums = i2v_scratch_per_thread(&scratch, threads, job->rows * job->sums_row, &job->sums_stride);
    job->expanded = i2v_scratch_per_thread(&scratch, threads, i2v_product_expanded(kernels), &job->expanded_stride);
    return scratch.used;
}

/* Hidden columns first..first + count, a strip, of the rows that `product` describes, or of those of int8. */
static void compute_strip(const feed_forward_job *job, i2v_product product, const i2v_int8_rows *rows, int first,
                          int count, int thread, char *hidden) {
    const i2v_linear *geglu = job->args->geglu;
    i2v_element element = i2v_product_element(job->pairs);
    size_t row = (size_t)job->hidden_row * i2v_element_size(element);
    float *value = job->value + thread * job->value_stride, *gate = job->gate + thread * job->gate_stride;
    float *const sums[] = {value, gate};
    product.first_column = first;
    product.columns = count;
    product.sums_stride = job->strip_row;
    for (int part = 0; part < 2; part++) {
        product.filter = &geglu->parts[part].filter;
        product.sums = sums[part];
        if (job->is_int8) {
            i2v_int8_sum(&product, rows, 0, 0);
        } else {
            i2v_product_sum(&product, 0);
        }
    }
    const float *value_bias = geglu->parts[0].bias, *gate_bias = geglu->parts[1].bias;
    for (int64_t r = 0; r < product.lines[0].rows; r++) {
        job->kernels->geglu(value, gate, value_bias ? value_bias + first : NULL, gate_bias ? gate_bias + first : NULL,
                            count, element, hidden);
        value += job->strip_row;
        gate += job->strip_row;
        hidden += row;
    }
}

/* Of rows of int8: a strip of hidden values is rounded as soon as it is whole. */
static void both_int8_products(const feed_forward_job *job, const i2v_product *in, const i2v_int8_rows *rows,
                               const i2v_product *out, int thread) {
    int all = job->args->output->in;
    float *hidden = job->hidden + thread * job->hidden_stride;
    _Static_assert(STRIP % I2V_INT8_BLOCK == 0, "strips are whole blocks");
    for (int first = 0; first < all; first += STRIP) {
        int count = (int)i2v_min(STRIP, all - first);
        i2v_int8_rows rounded = i2v_int8_rows_at(count, job->rounded + thread * job->rounded_stride);
        compute_strip(job, *in, rows, first, count, thread, (char *)hidden);
        i2v_int8_round(job->kernels, hidden, job->hidden_row, in->lines[0].rows, &rounded);
        i2v_int8_sum(out, &rounded, first, first > 0);
    }
}

static void both_products(const feed_forward_job *job, const i2v_product *in, i2v_product *out, int thread) {
    int all = job->args->output->in;
    float *hidden = job->hidden + thread * job->hidden_stride;
    size_t size = i2v_element_size(i2v_product_element(job->pairs));
    for (int first = 0; first < all; first += job->block) {
        int end = (int)i2v_min(first + job->block, all);
        for (int strip = first; strip < end; strip += STRIP) {
            compute_strip(job, *in, NULL, strip, (int)i2v_min(STRIP, end - strip), thread,
                          (char *)hidden + (size_t)(strip - first) * size);
        }
        i2v_product_span span = {hidden, job->hidden_row, end - first, first};
        out->spans = &span;
        i2v_product_sum(out, first > 0);
    }
    out->spans = NULL;
}

static void feed_forward_item(void *argument, int64_t item, int thread) {
    const feed_forward_job *job = argument;
    const i2v_feed_forward_args *args = job->args;
    int64_t first = item * job->rows, channels = args->geglu->in;
    float *read = job->read + thread * job->read_stride;
    i2v_product_line line = {.out = first, .rows = (int)i2v_min(job->rows, args->rows - first)};
    i2v_product_span span = {read, channels, channels, 0};
    i2v_product in = {.kernels = job->kernels,
                      .pairs = job->pairs,
                      .spans = &span,
                      .spans_count = 1,
                      .lines = &line,
                      .lines_count = 1,
                      .step = 1,
                      .out_step = 1,
                      .expanded = job->expanded + thread * job->expanded_stride};
    i2v_product out = in;
    out.filter = &args->output->parts[0].filter;
    out.bias = args->output->parts[0].bias;
    out.columns = out.out_columns = args->output->out;
    out.sums = job->sums + thread * job->sums_stride;
    out.sums_stride = job->sums_row;
    if (job->is_int8) {
        i2v_int8_rows rows = i2v_int8_rows_at((int)channels, read);
        i2v_int8_read(&job->input, args->norm, first, line.rows, read + line.rows * rows.row, &rows);
        both_int8_products(job, &in, &rows, &out, thread);
    } else {
        float *row = read + i2v_product_floats(job->pairs, line.rows * channels);
        i2v_product_read_normed(&job->input, args->norm, i2v_product_element(job->pairs), first, line.rows, row, read);
        both_products(job, &in, &out, thread);
    }
    i2v_product_write(&out, &args->epilogue, args->element, args->out);
}

size_t i2v_cpu_feed_forward_scratch(const i2v_device *device, const i2v_feed_forward_args *args) {
    feed_forward_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_feed_forward(const i2v_device *device, const i2v_feed_forward_args *args, void *scratch,
                                i2v_error *error) {
    feed_forward_job job;
    plan(&job, device, args, scratch);
    i2v_parallel(device->team, job.row_tiles, device->cancel, feed_forward_item, &job);
    return I2V_OK;
}
