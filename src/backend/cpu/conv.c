/* 2D convolutions: oneDNN on tiles of one frame's output. Usually a tile is a band of whole rows: nothing is copied, a
 * band at an edge has that edge's padding. Of wide images, whose rows crowd each other out of the cache, columns are
 * cut, too, and a tile's input is copied with its padding. A 1x1 convolution is a matrix product. */
#ifdef I2V_ONEDNN
#include "backend/cpu/onednn.h"
#include "backend/cpu/product.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

#include <string.h>

/* Floats of input and output that a tile should have. */
#define TILE_SIZE (256 * 1024)
/* Floats of the input rows that an output row needs, from which columns are cut. */
#define WIDE_SIZE (64 * 1024)
/* Tiles of equal size and padding are one variant: the first, the last, those between. */
#define MAX_VARIANTS 8

typedef struct conv_variant {
    i2v_onednn_band band;
    i2v_onednn_conv conv;
    void *own_weights;
} conv_variant;

typedef struct conv_job {
    const i2v_kernels *kernels;
    const i2v_conv_args *args;
    int rows, columns; /* of a tile */
    int down, across;  /* tiles of a frame; across > 1: inputs are copied */
    conv_variant variants[MAX_VARIANTS];
    int variants_count;
    float *input, *product, *work; /* per thread */
    int64_t input_stride, product_stride, work_stride;
    atomic_int failure;
} conv_job;

/* A tile and its input, whose first row and column may lie in the padding. */
typedef struct conv_tile {
    int row, column;
    int in_row, in_column;
    i2v_onednn_band band;
} conv_tile;

static int is_product(const i2v_conv *conv) {
    return conv->kernel == 1 && conv->stride == 1 && !conv->pad_before && !conv->pad_after;
}

i2v_status i2v_cpu_conv_packed_size(const i2v_conv *conv, size_t *size, i2v_error *error) {
    *size = (size_t)conv->in * (size_t)conv->out * sizeof(float);
    if (is_product(conv)) return I2V_OK;
    atomic_int failure = i2v_onednn_packed_size(conv, size);
    return i2v_product_result(&failure, "convolution", error);
}

i2v_status i2v_cpu_conv_pack(const i2v_conv *conv, const float *weights, void *packed, i2v_error *error) {
    if (is_product(conv)) {
        float *to = packed;
        for (int64_t i = 0; i < (int64_t)conv->in * conv->out; i++) to[i] = weights[i];
        return I2V_OK;
    }
    atomic_int failure = i2v_onednn_pack(conv, weights, packed);
    return i2v_product_result(&failure, "packing of a convolution's weights", error);
}

/* The convolution's linear arguments; linear is filled for them. */
static i2v_linear_args as_linear(const i2v_conv_args *args, i2v_linear *linear) {
    const i2v_conv *conv = args->weights;
    *linear = (i2v_linear){.in = conv->in, .out = conv->out, .parts_count = 1};
    linear->parts[0].weight = conv->packed;
    linear->parts[0].bias = conv->bias;
    linear->parts[0].out = conv->out;
    return (i2v_linear_args){.rows = i2v_tensor_rows(&args->x),
                             .source = {args->x.data},
                             .source_channels = {conv->in},
                             .weights = linear,
                             .epilogue = args->epilogue,
                             .out = args->out.data};
}

/* Tile `index` of a frame, with all its input. */
static conv_tile whole_tile_at(const conv_job *job, int index) {
    const i2v_conv_args *args = job->args;
    const i2v_conv *conv = args->weights;
    conv_tile tile = {.row = index / job->across * job->rows, .column = index % job->across * job->columns};
    tile.in_row = tile.row * conv->stride - conv->pad_before;
    tile.in_column = tile.column * conv->stride - conv->pad_before;
    tile.band.out_height = (int)i2v_min(job->rows, args->out.height - tile.row);
    tile.band.out_width = (int)i2v_min(job->columns, args->out.width - tile.column);
    tile.band.in_height = (tile.band.out_height - 1) * conv->stride + conv->kernel;
    tile.band.in_width = (tile.band.out_width - 1) * conv->stride + conv->kernel;
    return tile;
}

/* The same, with what lies outside of the image left to oneDNN if inputs are not copied. */
static conv_tile tile_at(const conv_job *job, int index) {
    const i2v_conv_args *args = job->args;
    conv_tile tile = whole_tile_at(job, index);
    if (job->across > 1) return tile;
    i2v_onednn_band *band = &tile.band;
    int end = tile.in_row + band->in_height;
    band->pad_top = tile.in_row < 0 ? -tile.in_row : 0;
    band->pad_bottom = end > args->x.height ? end - args->x.height : 0;
    band->in_height -= band->pad_top + band->pad_bottom;
    band->in_width = args->x.width;
    band->pad_left = args->weights->pad_before;
    band->pad_right = args->weights->pad_after;
    return tile;
}

static conv_variant *find_variant(conv_job *job, const i2v_onednn_band *band) {
    for (int v = 0; v < job->variants_count; v++) {
        const i2v_onednn_band *other = &job->variants[v].band;
        if (other->out_height == band->out_height && other->out_width == band->out_width &&
            other->pad_top == band->pad_top && other->pad_bottom == band->pad_bottom) {
            return &job->variants[v];
        }
    }
    return NULL;
}

/* Returns 0 if there are more variants than fit. */
static int collect_variants(conv_job *job) {
    job->variants_count = 0;
    for (int i = 0; i < job->down * job->across; i++) {
        conv_tile tile = tile_at(job, i);
        if (find_variant(job, &tile.band)) continue;
        if (job->variants_count == MAX_VARIANTS) return 0;
        job->variants[job->variants_count++].band = tile.band;
    }
    return 1;
}

static void cut_into_tiles(conv_job *job) {
    const i2v_conv_args *args = job->args;
    const i2v_conv *conv = args->weights;
    int64_t width = WIDE_SIZE / ((int64_t)conv->kernel * conv->in * conv->stride);
    job->columns = args->out.width;
    if (width >= 32 && width < args->out.width) job->columns = (int)i2v_even_tile(args->out.width, width);
    job->across = (int)i2v_tiles(args->out.width, job->columns);
    int64_t rows = TILE_SIZE / (job->columns * ((int64_t)conv->out + (int64_t)conv->in * conv->stride));
    job->rows = (int)i2v_even_tile(args->out.height, rows < 1 ? 1 : rows);
    job->down = (int)i2v_tiles(args->out.height, job->rows);
    if (collect_variants(job)) return;
    job->rows = args->out.height;
    job->down = 1;
    collect_variants(job);
}

static void clear(conv_job *job) {
    for (int v = 0; v < job->variants_count; v++) i2v_onednn_conv_clear(&job->variants[v].conv);
}

/* Sets *size to the scratch memory that is needed. Returns oneDNN's status; the job is to be cleared in any case. */
static int plan(conv_job *job, const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args,
                void *memory, size_t *size) {
    i2v_scratch scratch = {memory, 0};
    size_t work = 0;
    *size = 0;
    *job = (conv_job){.kernels = kernels, .args = args};
    cut_into_tiles(job);
    for (int v = 0; v < job->variants_count; v++) {
        conv_variant *variant = &job->variants[v];
        int status = i2v_onednn_conv_describe(&variant->conv, args->weights, &variant->band);
        if (status) return status;
        if (variant->conv.scratch > work) work = variant->conv.scratch;
        if (variant->conv.own_weights) {
            variant->own_weights = i2v_scratch_take(&scratch, variant->conv.own_weights);
        }
    }
    int64_t product = (int64_t)job->rows * job->columns * args->out.channels;
    job->product = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), product, &job->product_stride);
    if (job->across > 1) {
        i2v_onednn_band largest = tile_at(job, 0).band;
        int64_t input = (int64_t)largest.in_height * largest.in_width * args->x.channels;
        job->input = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), input, &job->input_stride);
    }
    job->work = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), i2v_tiles((int64_t)work, sizeof(float)),
                                       &job->work_stride);
    *size = scratch.used;
    return 0;
}

/* The tile's input with its padding. */
static void copy_input(const i2v_tensor *x, int64_t frame, const conv_tile *tile, float *to) {
    size_t channels = (size_t)x->channels, line = (size_t)tile->band.in_width * channels;
    int begin = tile->in_column < 0 ? 0 : tile->in_column;
    int end = (int)i2v_min(tile->in_column + tile->band.in_width, x->width);
    size_t before = (size_t)(begin - tile->in_column) * channels;
    size_t count = end > begin ? (size_t)(end - begin) * channels : 0;
    memset(to, 0, (size_t)tile->band.in_height * line * sizeof(float));
    for (int y = 0; y < tile->band.in_height; y++) {
        int64_t row = tile->in_row + y;
        if (row < 0 || row >= x->height) continue;
        const float *from = x->data + ((frame * x->height + row) * x->width + begin) * x->channels;
        memcpy(to + (size_t)y * line + before, from, count * sizeof(float));
    }
}

static void write_output(const conv_job *job, int64_t frame, const conv_tile *tile, const float *product) {
    const i2v_conv_args *args = job->args;
    int channels = args->out.channels;
    for (int y = 0; y < tile->band.out_height; y++) {
        int64_t pixel = (frame * args->out.height + tile->row + y) * args->out.width + tile->column;
        for (int x = 0; x < tile->band.out_width; x++, pixel++, product += channels) {
            job->kernels->epilogue(&args->epilogue, product, args->weights->bias, pixel * channels, 0, channels,
                                   args->out.data);
        }
    }
}

static void conv_item(void *argument, int64_t item, int thread) {
    conv_job *job = argument;
    const i2v_conv_args *args = job->args;
    int64_t frame = item / (job->down * job->across);
    conv_tile tile = tile_at(job, (int)(item % (job->down * job->across)));
    const conv_variant *variant = find_variant(job, &tile.band);
    int64_t line = frame * args->x.height + tile.in_row + tile.band.pad_top;
    const float *x = args->x.data + line * args->x.width * args->x.channels;
    if (job->across > 1) {
        float *input = job->input + thread * job->input_stride;
        copy_input(&args->x, frame, &tile, input);
        x = input;
    }
    float *product = job->product + thread * job->product_stride;
    int status =
        i2v_onednn_conv_run(&variant->conv, x, variant->own_weights ? variant->own_weights : args->weights->packed,
                            product, job->work + thread * job->work_stride);
    i2v_product_note(&job->failure, status);
    if (!status) write_output(job, frame, &tile, product);
}

size_t i2v_cpu_conv_scratch(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args) {
    if (is_product(args->weights)) {
        i2v_linear linear;
        i2v_linear_args linear_args = as_linear(args, &linear);
        return i2v_cpu_linear_scratch(kernels, device, &linear_args);
    }
    conv_job job;
    size_t size;
    plan(&job, kernels, device, args, NULL, &size); /* a failure is told when the operation runs */
    clear(&job);
    return size;
}

i2v_status i2v_cpu_conv(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args, void *scratch,
                        i2v_error *error) {
    if (is_product(args->weights)) {
        i2v_linear linear;
        i2v_linear_args linear_args = as_linear(args, &linear);
        return i2v_cpu_linear(kernels, device, &linear_args, scratch, error);
    }
    conv_job job;
    size_t size;
    int status = plan(&job, kernels, device, args, scratch, &size);
    for (int v = 0; v < job.variants_count && !status; v++) {
        status = i2v_onednn_conv_prepare(&job.variants[v].conv, args->weights, job.variants[v].own_weights);
    }
    i2v_product_note(&job.failure, status);
    if (!status) {
        int64_t tiles = (int64_t)args->out.frames * job.down * job.across;
        i2v_parallel(device->team, tiles, device->cancel, conv_item, &job);
    }
    clear(&job);
    return i2v_product_result(&job.failure, "convolution", error);
}
#else
typedef int i2v_conv_is_left_out; /* a file is not empty */
#endif
