/* 2D convolutions: oneDNN on tiles of one frame's output. Usually a tile is a band of whole rows: nothing is copied, a
 * band at an edge has that edge's padding. Of wide images, whose rows crowd each other out of the cache, columns are
 * cut, too, and a tile's input is copied with its padding. A 1x1 convolution is a matrix product.
 *
 * A doubling convolution is four of kernel 2x2 on the small image, one for each place (even or odd row, even or odd
 * column) of the output: two of the three taps in a row or column meet the same small pixel, so their weights are
 * summed when they are packed. 4/9 of the multiplications, and the large image is never made. */
#ifdef I2V_ONEDNN
#include "backend/cpu/onednn.h"
#include "backend/cpu/product.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

#include <stdlib.h>
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

/* The whole convolution, or one of the four of a doubling one. */
typedef struct conv_phase {
    i2v_conv conv;
    int pad_top, pad_left;
    int step, row, column; /* out[step * y + row, step * x + column] is this phase's output at y, x */
    int height, width;     /* of its output */
} conv_phase;

typedef struct conv_job {
    const i2v_kernels *kernels;
    const i2v_conv_args *args;
    conv_phase phase;
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

static int phases_count(const i2v_conv *conv) {
    return conv->doubles ? 4 : 1;
}

/* The phase's convolution without weights. */
static i2v_conv phase_conv(const i2v_conv *conv) {
    i2v_conv one = *conv;
    if (conv->doubles) one.kernel = 2;
    one.doubles = 0;
    return one;
}

/* Bytes of a phase's packed weights, a multiple of 64. */
static int phase_size(const i2v_conv *conv, size_t *size) {
    i2v_conv one = phase_conv(conv);
    int status = i2v_onednn_packed_size(&one, size);
    *size = (*size + 63) / 64 * 64;
    return status;
}

i2v_status i2v_cpu_conv_packed_size(const i2v_conv *conv, size_t *size, i2v_error *error) {
    *size = (size_t)conv->in * (size_t)conv->out * sizeof(float);
    if (is_product(conv)) return I2V_OK;
    atomic_int failure = phase_size(conv, size);
    *size *= (size_t)phases_count(conv);
    return i2v_product_result(&failure, "convolution", error);
}

/* The 2x2 kernels [out, in, 2, 2] of the outputs at (row, column) of each 2x2: tap k of 3 meets small pixel
 * (k + 1 - row) / 2 of the two. */
static void fold(const i2v_conv *conv, const float *weights, int row, int column, float *folded) {
    for (int64_t i = 0; i < (int64_t)conv->out * conv->in; i++, weights += 9, folded += 4) {
        for (int k = 0; k < 4; k++) folded[k] = 0;
        for (int k = 0; k < 9; k++) folded[(k / 3 + 1 - row) / 2 * 2 + (k % 3 + 1 - column) / 2] += weights[k];
    }
}

static i2v_status pack_doubling(const i2v_conv *conv, const float *weights, char *packed, i2v_error *error) {
    size_t size = 0, bytes = (size_t)conv->in * (size_t)conv->out * 4 * sizeof(float);
    i2v_conv one = phase_conv(conv);
    float *folded = malloc(bytes);
    if (!folded) return i2v_fail_memory(error, "the packing of a convolution's weights", bytes);
    atomic_int failure = phase_size(conv, &size);
    for (int k = 0; k < 4 && !failure; k++) {
        fold(conv, weights, k / 2, k % 2, folded);
        failure = i2v_onednn_pack(&one, folded, packed + (size_t)k * size);
    }
    free(folded);
    return i2v_product_result(&failure, "packing of a convolution's weights", error);
}

i2v_status i2v_cpu_conv_pack(const i2v_conv *conv, const float *weights, void *packed, i2v_error *error) {
    if (is_product(conv)) {
        float *to = packed;
        for (int64_t i = 0; i < (int64_t)conv->in * conv->out; i++) to[i] = weights[i];
        return I2V_OK;
    }
    if (conv->doubles) return pack_doubling(conv, weights, packed, error);
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
    const conv_phase *phase = &job->phase;
    const i2v_conv *conv = &phase->conv;
    conv_tile tile = {.row = index / job->across * job->rows, .column = index % job->across * job->columns};
    tile.in_row = tile.row * conv->stride - phase->pad_top;
    tile.in_column = tile.column * conv->stride - phase->pad_left;
    tile.band.out_height = (int)i2v_min(job->rows, phase->height - tile.row);
    tile.band.out_width = (int)i2v_min(job->columns, phase->width - tile.column);
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
    int end = tile.in_row + band->in_height, right = tile.in_column + band->in_width;
    band->pad_top = tile.in_row < 0 ? -tile.in_row : 0;
    band->pad_bottom = end > args->x.height ? end - args->x.height : 0;
    band->in_height -= band->pad_top + band->pad_bottom;
    band->in_width = args->x.width;
    band->pad_left = job->phase.pad_left;
    band->pad_right = right > args->x.width ? right - args->x.width : 0;
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
    const conv_phase *phase = &job->phase;
    const i2v_conv *conv = &phase->conv;
    int64_t width = WIDE_SIZE / ((int64_t)conv->kernel * conv->in * conv->stride);
    job->columns = phase->width;
    if (width >= 32 && width < phase->width) job->columns = (int)i2v_even_tile(phase->width, width);
    job->across = (int)i2v_tiles(phase->width, job->columns);
    int64_t rows = TILE_SIZE / (job->columns * ((int64_t)conv->out + (int64_t)conv->in * conv->stride));
    job->rows = (int)i2v_even_tile(phase->height, rows < 1 ? 1 : rows);
    job->down = (int)i2v_tiles(phase->height, job->rows);
    if (collect_variants(job)) return;
    job->rows = phase->height;
    job->down = 1;
    collect_variants(job);
}

static void clear(conv_job *job) {
    for (int v = 0; v < job->variants_count; v++) i2v_onednn_conv_clear(&job->variants[v].conv);
}

/* Phase `index` of a convolution. */
static int set_phase(conv_phase *phase, const i2v_conv_args *args, int index) {
    const i2v_conv *conv = args->weights;
    size_t size = 0;
    *phase = (conv_phase){.conv = phase_conv(conv),
                          .pad_top = conv->pad_before,
                          .pad_left = conv->pad_before,
                          .step = 1,
                          .height = args->out.height,
                          .width = args->out.width};
    if (!conv->doubles) return 0;
    phase->step = 2;
    phase->row = index / 2;
    phase->column = index % 2;
    phase->pad_top = 1 - phase->row;
    phase->pad_left = 1 - phase->column;
    phase->height = args->x.height;
    phase->width = args->x.width;
    int status = phase_size(conv, &size);
    if (conv->packed) phase->conv.packed = (const char *)conv->packed + (size_t)index * size;
    return status;
}

/* Sets *size to the scratch memory of a phase. Returns oneDNN's status; the job is to be cleared in any case. */
static int plan(conv_job *job, const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args,
                int phase, void *memory, size_t *size) {
    i2v_scratch scratch = {memory, 0};
    size_t work = 0;
    *size = 0;
    *job = (conv_job){.kernels = kernels, .args = args};
    int status = set_phase(&job->phase, args, phase);
    if (status) return status;
    cut_into_tiles(job);
    for (int v = 0; v < job->variants_count; v++) {
        conv_variant *variant = &job->variants[v];
        status = i2v_onednn_conv_describe(&variant->conv, &job->phase.conv, &variant->band);
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
    const conv_phase *phase = &job->phase;
    int channels = args->out.channels;
    for (int y = 0; y < tile->band.out_height; y++) {
        int64_t row = frame * args->out.height + phase->step * (tile->row + y) + phase->row;
        int64_t pixel = row * args->out.width + phase->step * tile->column + phase->column;
        for (int x = 0; x < tile->band.out_width; x++, pixel += phase->step, product += channels) {
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
        i2v_onednn_conv_run(&variant->conv, x, variant->own_weights ? variant->own_weights : job->phase.conv.packed,
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
    size_t largest = 0;
    for (int phase = 0; phase < phases_count(args->weights); phase++) {
        conv_job job;
        size_t size;
        plan(&job, kernels, device, args, phase, NULL, &size); /* a failure is told when the operation runs */
        clear(&job);
        if (size > largest) largest = size;
    }
    return largest;
}

/* Runs a phase and returns oneDNN's status. */
static int run_phase(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args, int phase,
                     void *scratch) {
    conv_job job;
    size_t size;
    int status = plan(&job, kernels, device, args, phase, scratch, &size);
    for (int v = 0; v < job.variants_count && !status; v++) {
        status = i2v_onednn_conv_prepare(&job.variants[v].conv, &job.phase.conv, job.variants[v].own_weights);
    }
    if (!status) {
        int64_t tiles = (int64_t)args->out.frames * job.down * job.across;
        i2v_parallel(device->team, tiles, device->cancel, conv_item, &job);
        status = job.failure;
    }
    clear(&job);
    return status;
}

i2v_status i2v_cpu_conv(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv_args *args, void *scratch,
                        i2v_error *error) {
    if (is_product(args->weights)) {
        i2v_linear linear;
        i2v_linear_args linear_args = as_linear(args, &linear);
        return i2v_cpu_linear(kernels, device, &linear_args, scratch, error);
    }
    atomic_int failure = 0;
    for (int phase = 0; phase < phases_count(args->weights) && !failure; phase++) {
        failure = run_phase(kernels, device, args, phase, scratch);
    }
    return i2v_product_result(&failure, "convolution", error);
}
#else
typedef int i2v_conv_is_left_out; /* a file is not empty */
#endif
