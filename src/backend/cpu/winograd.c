/* Convolutions of kernel 3 over an image by Winograd's method. */
#include "backend/cpu/winograd.h"

#include "backend/cpu/product.h"
#include "backend/cpu/tiling.h"
#include "base/parallel.h"

#include <string.h>

/* Tiles of a block: weights are transformed once for all of them. */
#define TILES_OF_2 96
#define TILES_OF_PAIRS 192 /* of 2 x 2, of half the size */
#define TILES_OF_4 64
/* Output channels computed per_float. */
#define COLUMNS 128
#define ENOUGH_BLOCKS 32

typedef struct winograd_job {
    const i2v_kernels *kernels;
    const i2v_conv_args *args;
    i2v_product_input source;
    int pairs;                  /* see i2v_product */
    int m, points;              /* outputs of a tile on a side; products of a tile, (m + 2)^2 */
    i2v_tiling blocks;          /* of the output's tiles */
    int in_rows, in_columns;    /* pixels of a block's input in a frame */
    int outputs, output_blocks; /* output channels of an item's products; how many such groups */
    int outputs_apart;          /* groups are items of their own */
    int64_t tiles;              /* of a block at most */
    float *input, *transformed, *weights, *sums, *pixels; /* per thread */
    int64_t input_stride, transformed_stride, weights_stride, sums_stride, pixels_stride;
    i2v_product_line *lines; /* per thread */
    int64_t lines_stride;
} winograd_job;

int i2v_winograd_fits(const i2v_conv_args *args) {
    const i2v_conv *conv = args->weights;
    return conv->packing != I2V_PACKING_PAIRS_BF16 && conv->kernel == 3 && conv->stride == 1 && conv->pad_before == 1 &&
           conv->pad_after == 1 && !conv->doubles && conv->in >= I2V_WINOGRAD_LEAST_CHANNELS &&
           conv->out >= I2V_WINOGRAD_LEAST_CHANNELS && args->out.height > 2 && args->out.width > 2;
}

/* Tiles of 4 x 4 where the last ones do not stick out by much. Pairs are rounded after the transform, which tiles of
 * 4 x 4 would magnify. */
static int tile_of(const i2v_conv_args *args, int pairs) {
    int height = args->out.height, width = args->out.width;
    int64_t covered = i2v_round_up(height, 4) * i2v_round_up(width, 4), wanted = (int64_t)height * width;
    return !pairs && covered * 3 <= wanted * 4 ? 4 : 2;
}

static i2v_tiling cut_into_blocks(const winograd_job *job) {
    const i2v_tensor *out = &job->args->out;
    int64_t most = job->m == 4 ? TILES_OF_4 : job->pairs ? TILES_OF_PAIRS : TILES_OF_2;
    int width = (int)i2v_divide_up(out->width, job->m), height = (int)i2v_divide_up(out->height, job->m);
    int64_t columns = i2v_even_tile(width, most), rows = i2v_even_tile(height, most / columns);
    return i2v_tiling_of(out->frames, height, width, most / (rows * columns), rows, columns);
}

static size_t plan(winograd_job *job, const i2v_device *device, const i2v_conv_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    const i2v_conv *conv = args->weights;
    int threads = i2v_team_size(device->team);
    *job = (winograd_job){.kernels = kernels, .args = args};
    job->pairs = i2v_product_is_of_pairs(kernels, args->x.element, conv->in, 0);
    job->m = tile_of(args, job->pairs);
    job->points = (job->m + 2) * (job->m + 2);
    job->source = (i2v_product_input){.kernels = kernels,
                                      .element = args->x.element,
                                      .source = {args->x.data, args->skip.data},
                                      .channels = {args->x.channels, args->skip.channels},
                                      .norm = &args->input_norm};
    i2v_tiling blocks = job->blocks = cut_into_blocks(job);
    job->in_rows = job->m * blocks.rows + 2;
    job->in_columns = job->m * blocks.columns + 2;
    job->tiles = (int64_t)blocks.frames * blocks.rows * blocks.columns;
    job->outputs = (int)i2v_min(COLUMNS, i2v_round_up(conv->out, kernels->panel));
    job->output_blocks = (int)i2v_divide_up(conv->out, job->outputs);
    job->outputs_apart = i2v_tiling_count(&blocks) < ENOUGH_BLOCKS;
    int64_t pixels = job->tiles * job->m * job->m;
    job->input = i2v_scratch_per_thread(
        &scratch, threads, (int64_t)blocks.frames * job->in_rows * job->in_columns * conv->in, &job->input_stride);
    job->transformed = i2v_scratch_per_thread(
        &scratch, threads, job->points * job->tiles * conv->in / (job->pairs ? 2 : 1), &job->transformed_stride);
    job->weights = i2v_scratch_per_thread(&scratch, threads, i2v_winograd_weights_floats(kernels, job->points),
                                          &job->weights_stride);
    job->sums = i2v_scratch_per_thread(&scratch, threads, job->points * job->tiles * job->outputs, &job->sums_stride);
    job->pixels = i2v_scratch_per_thread(&scratch, threads, pixels * job->outputs, &job->pixels_stride);
    job->lines_stride = (int64_t)blocks.frames * blocks.rows * job->m;
    job->lines = i2v_scratch_take(&scratch, (size_t)(threads * job->lines_stride) * sizeof *job->lines);
    return scratch.used;
}

/* Where a block lies, in tiles. */
typedef struct winograd_block {
    i2v_image_tile part;
    int64_t tiles;
    int row, column, height, width; /* in pixels of the output */
} winograd_block;

static winograd_block block_at(const winograd_job *job, int64_t index) {
    const i2v_tensor *out = &job->args->out;
    winograd_block b = {.part = i2v_tiling_at(&job->blocks, index)};
    b.tiles = (int64_t)b.part.frames * b.part.rows * b.part.columns;
    b.row = b.part.row * job->m;
    b.column = b.part.column * job->m;
    b.height = (int)i2v_min(b.part.rows * job->m, out->height - b.row);
    b.width = (int)i2v_min(b.part.columns * job->m, out->width - b.column);
    return b;
}

/* The block's pixels with their surroundings, then each tile's transform: transformed[points][tiles][in]. */
static void transform_input(const winograd_job *job, const winograd_block *b, float *input, float *out) {
    i2v_element element = i2v_product_element(job->pairs);
    int64_t in = job->args->weights->in, line = job->in_columns * in, index = 0;
    int64_t size = (int64_t)i2v_element_size(element);
    int m = job->m;
    for (int f = 0; f < b->part.frames; f++) {
        i2v_product_read_window(&job->source, &job->args->x, b->part.frame + f, b->row - 1, b->column - 1, job->in_rows,
                                job->in_columns, I2V_ELEMENT_F32, input);
        for (int y = 0; y < b->part.rows; y++) {
            for (int x = 0; x < b->part.columns; x++, index++) {
                const float *from = input + y * m * line + x * m * in;
                job->kernels->winograd_input(m, from, line, in, (int)in, element, (char *)out + index * in * size,
                                             b->tiles * in);
            }
        }
    }
}

void i2v_winograd_sum(const i2v_winograd_products *w, int first, int columns) {
    const i2v_kernels *kernels = w->kernels;
    const i2v_filter *filter = w->filter;
    i2v_element element = i2v_packing_element(filter->packing);
    int64_t in = filter->in, panel = kernels->panel, per_float = w->pairs ? 2 : 1;
    int64_t most = I2V_WINOGRAD_DEPTH * per_float;
    i2v_winograd_weights weights = {.m = w->m,
                                    .pairs = w->pairs,
                                    .element = element,
                                    .tap = in * panel,
                                    .out = w->weights,
                                    .stride = i2v_winograd_weights_stride(kernels)};
    for (int64_t begin = 0; begin < in; begin += most) {
        weights.depth = i2v_min(most, in - begin);
        for (int64_t column = 0; column < columns; column += panel) {
            int64_t at = (first + column) / panel * filter->taps * weights.tap + begin * panel;
            weights.panel = (const char *)filter->packed + (size_t)at * i2v_element_size(element);
            w->transform(&weights);
            i2v_panel_product product = {.rows = (int)w->rows,
                                         .depth = weights.depth / per_float,
                                         .a_stride = in / per_float,
                                         .panel_count = 1,
                                         .c_stride = w->sums_stride,
                                         .accumulate = begin > 0};
            for (int64_t p = 0; p < w->points; p++) {
                product.a = w->transformed + (p * w->rows * in + begin) / per_float;
                product.panels = w->weights + p * weights.stride;
                product.c = w->sums + p * w->rows * w->sums_stride + column;
                i2v_product_multiply(kernels, w->pairs, &product);
            }
        }
    }
}

/* Back to pixels [frame][row][column][outputs], and the lines that they are of the output. */
static void transform_output(const winograd_job *job, const winograd_block *b, int columns, const float *sums,
                             float *pixels, i2v_product_line *lines) {
    const i2v_tensor *out = &job->args->out;
    int64_t pixel = job->outputs, line = b->width * pixel;
    int m = job->m;
    for (int f = 0; f < b->part.frames; f++) {
        for (int y = 0; y < b->height; y++) {
            int64_t row = (int64_t)(b->part.frame + f) * out->height + b->row + y;
            *lines++ = (i2v_product_line){.out = row * out->width + b->column, .rows = b->width};
        }
        for (int y = 0; y < b->height; y += m) {
            for (int x = 0; x < b->width; x += m, sums += pixel) {
                job->kernels->winograd_output(m, sums, b->tiles * pixel, columns, pixels + y * line + x * pixel, line,
                                              pixel, (int)i2v_min(m, b->height - y), (int)i2v_min(m, b->width - x));
            }
        }
        pixels += b->height * line;
    }
}

static void winograd_item(void *argument, int64_t item, int thread) {
    const winograd_job *job = argument;
    const i2v_conv_args *args = job->args;
    int per_block = job->outputs_apart ? job->output_blocks : 1;
    winograd_block b = block_at(job, item / per_block);
    float *transformed = job->transformed + thread * job->transformed_stride;
    float *sums = job->sums + thread * job->sums_stride, *pixels = job->pixels + thread * job->pixels_stride;
    i2v_product_line *lines = job->lines + thread * job->lines_stride;
    i2v_filter filter = i2v_cpu_conv_filter(job->kernels, args->weights, 0);
    transform_input(job, &b, job->input + thread * job->input_stride, transformed);
    i2v_winograd_products products = {.kernels = job->kernels,
                                      .filter = &filter,
                                      .transform = job->kernels->winograd_weights,
                                      .pairs = job->pairs,
                                      .m = job->m,
                                      .points = job->points,
                                      .rows = b.tiles,
                                      .transformed = transformed,
                                      .weights = job->weights + thread * job->weights_stride,
                                      .sums = sums,
                                      .sums_stride = job->outputs};
    int begin = (int)(item % per_block), end = job->outputs_apart ? begin + 1 : job->output_blocks;
    for (int i = begin; i < end; i++) {
        int first = i * job->outputs, columns = (int)i2v_min(job->outputs, filter.out - first);
        i2v_winograd_sum(&products, first, columns);
        transform_output(job, &b, columns, sums, pixels, lines);
        i2v_product product = {.kernels = job->kernels,
                               .lines = lines,
                               .lines_count = b.part.frames * b.height,
                               .out_step = 1,
                               .filter = &filter,
                               .bias = args->weights->bias,
                               .first_column = first,
                               .columns = columns,
                               .out_columns = filter.out,
                               .sums = pixels,
                               .sums_stride = job->outputs};
        i2v_product_write(&product, &args->epilogue, args->out.element, args->out.data);
    }
}

size_t i2v_winograd_scratch(const i2v_device *device, const i2v_conv_args *args) {
    winograd_job job;
    return plan(&job, device, args, NULL);
}

void i2v_winograd_conv(const i2v_device *device, const i2v_conv_args *args, void *scratch) {
    winograd_job job;
    plan(&job, device, args, scratch);
    int64_t items = i2v_tiling_count(&job.blocks) * (job.outputs_apart ? job.output_blocks : 1);
    i2v_parallel(device->team, items, device->cancel, winograd_item, &job);
}
