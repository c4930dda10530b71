/* 2D convolutions: a tile of the output, of one frame or of several small ones, is a product whose rows are pixels of
 * the tile's input, read (and normed) once with its padding. A row of the kernel is one span of the sum, as
 * neighbouring pixels of a channels-last image lie side by side. A 1x1 convolution is a linear layer;
 * most of those of kernel 3 are Winograd's.
 *
 * A doubling convolution is four of kernel 2x2 on the small image, one for each place (even or odd row, even or odd
 * column) of the output: two of the three taps in a row or column meet the same small pixel, so their weights are
 * summed when they are packed. 4/9 of the multiplications, and the large image is never made. */
#include "backend/cpu/product.h"
#include "backend/cpu/tiling.h"
#include "backend/cpu/winograd.h"

#include "base/parallel.h"

/* Floats of a tile's sums and of its input at most, so that both stay in the second cache. */
#define SUMS_SIZE (64 * 1024)
#define SUMS_SIZE_OF_TILES (128 * 1024) /* AMX's: weights take longer to come than sums */
#define INPUT_SIZE (320 * 1024)
#define MOST_PIXELS 1024
/* Of a tile; wider images are cut. */
#define MOST_COLUMNS 128
#define MOST_KERNEL 32

typedef struct conv_job {
    const i2v_kernels *kernels;
    const i2v_conv_args *args;
    i2v_product_input source;
    int pairs;                      /* see i2v_product */
    int phases, step;               /* 4, 2 if the convolution doubles, else 1, 1 */
    i2v_tiling tiling;              /* of the output, or of a phase of it, in pixels */
    int in_rows, in_columns;        /* of a tile's input in one frame, padding included */
    int outputs, output_tiles;      /* output channels of a product */
    int outputs_apart;              /* products of a tile are items of their own */
    float *input, *sums, *expanded; /* per thread */
    i2v_product_line *lines;        /* per thread */
    int64_t input_stride, sums_stride, expanded_stride, lines_stride;
} conv_job;

static int is_product(const i2v_conv *conv) {
    return conv->kernel == 1 && conv->stride == 1 && !conv->pad_before && !conv->pad_after;
}

/* The convolution's linear arguments; linear is filled for them. */
static i2v_linear_args as_linear(const i2v_kernels *kernels, const i2v_conv_args *args, i2v_linear *linear) {
    const i2v_conv *conv = args->weights;
    *linear = (i2v_linear){.in = conv->in, .out = conv->out, .parts_count = 1};
    linear->parts[0].filter = i2v_cpu_conv_filter(kernels, conv, 0);
    linear->parts[0].bias = conv->bias;
    return (i2v_linear_args){.rows = i2v_tensor_rows(&args->x),
                             .source = {args->x.data, args->skip.data},
                             .source_channels = {args->x.channels, args->skip.channels},
                             .element = args->x.element,
                             .input_norm = args->input_norm,
                             .weights = linear,
                             .epilogue = args->epilogue,
                             .out_element = args->out.element,
                             .out = args->out.data};
}

static int64_t input_size(const conv_job *job, int64_t rows, int64_t columns) {
    const i2v_conv *conv = job->args->weights;
    int64_t pixels = ((rows - 1) * conv->stride + conv->kernel) * ((columns - 1) * conv->stride + conv->kernel);
    return i2v_product_floats(job->pairs, pixels * conv->in);
}

/* Sizes depend on the shape alone: results must not depend on threads. */
static i2v_tiling cut_into_tiles(const conv_job *job, int height, int width) {
    const i2v_conv *conv = job->args->weights;
    int64_t outputs = i2v_min(I2V_PRODUCT_COLUMNS, i2v_round_up(conv->out, job->kernels->panel));
    int by_tiles = i2v_product_is_by_tiles(job->kernels, job->pairs);
    int64_t pixels = i2v_min(MOST_PIXELS, (by_tiles ? SUMS_SIZE_OF_TILES : SUMS_SIZE) / outputs);
    int64_t columns = i2v_even_tile(width, i2v_min(pixels, MOST_COLUMNS));
    int64_t rows = i2v_even_tile(height, pixels / columns);
    while (rows > 1 && input_size(job, rows, columns) > INPUT_SIZE) rows--;
    int64_t frames = i2v_min(pixels / (rows * columns), INPUT_SIZE / input_size(job, rows, columns));
    return i2v_tiling_of(job->args->x.frames, height, width, frames, rows, columns);
}

static size_t plan(conv_job *job, const i2v_device *device, const i2v_conv_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    const i2v_conv *conv = args->weights;
    int threads = i2v_team_size(device->team);
    *job = (conv_job){.kernels = kernels, .args = args, .phases = conv->doubles ? 4 : 1, .step = conv->doubles ? 2 : 1};
    job->source = (i2v_product_input){.kernels = kernels,
                                      .element = args->x.element,
                                      .source = {args->x.data, args->skip.data},
                                      .channels = {args->x.channels, args->skip.channels},
                                      .norm = &args->input_norm};
    job->pairs = i2v_product_is_of_pairs(kernels, args->x.element, args->x.channels, args->skip.channels);
    const i2v_tensor *cut = conv->doubles ? &args->x : &args->out;
    i2v_tiling tiling = job->tiling = cut_into_tiles(job, cut->height, cut->width);
    job->in_rows = (tiling.rows - 1) * conv->stride + conv->kernel;
    job->in_columns = (tiling.columns - 1) * conv->stride + conv->kernel;
    job->outputs = i2v_product_columns(kernels, i2v_tiling_count(&tiling), conv->out);
    job->output_tiles = (int)i2v_divide_up(conv->out, job->outputs);
    job->outputs_apart = job->outputs < I2V_PRODUCT_COLUMNS;
    int64_t pixels = (int64_t)tiling.frames * tiling.rows * tiling.columns;
    int64_t input = i2v_product_floats(job->pairs, (int64_t)job->in_rows * job->in_columns * conv->in);
    job->input = i2v_scratch_per_thread(&scratch, threads, tiling.frames * input, &job->input_stride);
    job->sums = i2v_scratch_per_thread(&scratch, threads, pixels * i2v_spread_rows(job->outputs), &job->sums_stride);
    job->expanded = i2v_scratch_per_thread(&scratch, threads, i2v_product_expanded(kernels), &job->expanded_stride);
    job->lines_stride = (int64_t)tiling.frames * tiling.rows;
    job->lines = i2v_scratch_take(&scratch, (size_t)(threads * job->lines_stride) * sizeof *job->lines);
    return scratch.used;
}

static void read_input(const conv_job *job, const i2v_image_tile *tile, float *input) {
    const i2v_conv *conv = job->args->weights;
    i2v_element element = i2v_product_element(job->pairs);
    size_t size = (size_t)job->in_rows * (size_t)job->in_columns * (size_t)conv->in * i2v_element_size(element);
    char *out = (char *)input;
    for (int f = 0; f < tile->frames; f++, out += size) {
        i2v_product_read_window(
            &job->source, &job->args->x, tile->frame + f, tile->row * conv->stride - conv->pad_before,
            tile->column * conv->stride - conv->pad_before, job->in_rows, job->in_columns, element, out);
    }
}

/* The lines of a phase of the tile: rows of the output's pixels. */
static void set_lines(const conv_job *job, const i2v_image_tile *tile, int phase, i2v_product_line *lines) {
    const i2v_tensor *out = &job->args->out;
    int stride = job->args->weights->stride, step = job->step;
    for (int f = 0; f < tile->frames; f++) {
        for (int y = 0; y < tile->rows; y++) {
            int64_t row = (int64_t)(tile->frame + f) * out->height + step * (tile->row + y) + phase / 2;
            *lines++ = (i2v_product_line){.pixel = ((int64_t)f * job->in_rows + y * stride) * job->in_columns,
                                          .out = row * out->width + step * tile->column + phase % 2,
                                          .rows = tile->columns};
        }
    }
}

static void compute_phase(const conv_job *job, const i2v_image_tile *tile, int phase, int begin, int end, int thread) {
    const i2v_conv *conv = job->args->weights;
    int kernel = conv->doubles ? 2 : conv->kernel;
    const char *input = (const char *)(job->input + thread * job->input_stride);
    int64_t pixel_bytes = conv->in * (int64_t)i2v_element_size(i2v_product_element(job->pairs));
    i2v_filter filter = i2v_cpu_conv_filter(job->kernels, conv, phase);
    i2v_product_line *lines = job->lines + thread * job->lines_stride;
    i2v_product_span spans[MOST_KERNEL];
    for (int ky = 0; ky < kernel; ky++) {
        /* a phase's kernel begins at its own row and column of the padded image */
        int64_t pixel = (int64_t)(ky + phase / 2) * job->in_columns + phase % 2, depth = (int64_t)kernel * conv->in;
        spans[ky] = (i2v_product_span){input + pixel * pixel_bytes, conv->in, depth, ky * depth};
    }
    set_lines(job, tile, phase, lines);
    i2v_product product = {.kernels = job->kernels,
                           .pairs = job->pairs,
                           .spans = spans,
                           .spans_count = kernel,
                           .lines = lines,
                           .lines_count = tile->frames * tile->rows,
                           .step = conv->stride,
                           .out_step = job->step,
                           .filter = &filter,
                           .bias = conv->bias,
                           .out_columns = conv->out,
                           .sums = job->sums + thread * job->sums_stride,
                           .sums_stride = i2v_spread_rows(job->outputs),
                           .expanded = job->expanded + thread * job->expanded_stride};
    for (int i = begin; i < end; i++) {
        product.first_column = i * job->outputs;
        product.columns = (int)i2v_min(job->outputs, conv->out - product.first_column);
        i2v_product_sum(&product, 0);
        i2v_product_write(&product, &job->args->epilogue, job->args->out.element, job->args->out.data);
    }
}

static void conv_item(void *argument, int64_t item, int thread) {
    const conv_job *job = argument;
    int per_tile = job->outputs_apart ? job->output_tiles : 1;
    i2v_image_tile tile = i2v_tiling_at(&job->tiling, item / per_tile);
    int begin = (int)(item % per_tile), end = job->outputs_apart ? begin + 1 : job->output_tiles;
    read_input(job, &tile, job->input + thread * job->input_stride);
    for (int phase = 0; phase < job->phases; phase++) compute_phase(job, &tile, phase, begin, end, thread);
}

size_t i2v_cpu_conv_scratch(const i2v_device *device, const i2v_conv_args *args) {
    const i2v_kernels *kernels = device->kernels;
    if (is_product(args->weights)) {
        i2v_linear linear;
        i2v_linear_args linear_args = as_linear(kernels, args, &linear);
        return i2v_cpu_linear_scratch(device, &linear_args);
    }
    if (i2v_winograd_fits(args)) return i2v_winograd_scratch(device, args);
    conv_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_conv(const i2v_device *device, const i2v_conv_args *args, void *scratch, i2v_error *error) {
    const i2v_kernels *kernels = device->kernels;
    if (is_product(args->weights)) {
        i2v_linear linear;
        i2v_linear_args linear_args = as_linear(kernels, args, &linear);
        return i2v_cpu_linear(device, &linear_args, scratch, error);
    }
    if (i2v_winograd_fits(args)) {
        i2v_winograd_conv(device, args, scratch);
        return I2V_OK;
    }
    if (args->weights->kernel > MOST_KERNEL) {
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "a convolution's kernel of %d is not supported: %d at most",
                        args->weights->kernel, MOST_KERNEL);
    }
    conv_job job;
    plan(&job, device, args, scratch);
    int64_t items = i2v_tiling_count(&job.tiling) * (job.outputs_apart ? job.output_tiles : 1);
    i2v_parallel(device->team, items, device->cancel, conv_item, &job);
    return I2V_OK;
}
