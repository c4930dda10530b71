/* 2D convolutions: oneDNN on bands of output rows of one frame; nothing is copied, a band at an edge has that edge's
 * padding. A 1x1 convolution is a matrix product. */
#ifdef I2V_ONEDNN
#include "backend/cpu/onednn.h"
#include "backend/cpu/product.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

/* Floats of input and output that a band should have. */
#define BAND_SIZE (256 * 1024)

/* Bands of equal size and padding are one variant: the first, the last, those between. */
#define MAX_VARIANTS 8

typedef struct conv_variant {
    i2v_onednn_band band;
    i2v_onednn_conv conv;
    void *own_weights;
} conv_variant;

typedef struct conv_job {
    const i2v_kernels *kernels;
    const i2v_conv_args *args;
    int rows, bands; /* of a frame */
    conv_variant variants[MAX_VARIANTS];
    int variants_count;
    float *product, *work; /* per thread */
    int64_t product_stride, work_stride;
    atomic_int failure;
} conv_job;

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

/* First input row of the band that begins at output row `row`; may lie in the padding. */
static int input_row(const i2v_conv *conv, int row) {
    return row * conv->stride - conv->pad_before;
}

static i2v_onednn_band band_at(const conv_job *job, int index) {
    const i2v_conv_args *args = job->args;
    const i2v_conv *conv = args->weights;
    int row = index * job->rows, rows = (int)i2v_min(job->rows, args->out.height - row);
    int begin = input_row(conv, row), end = input_row(conv, row + rows - 1) + conv->kernel;
    i2v_onednn_band band = {.in_width = args->x.width,
                            .out_height = rows,
                            .out_width = args->out.width,
                            .pad_top = begin < 0 ? -begin : 0,
                            .pad_bottom = end > args->x.height ? end - args->x.height : 0,
                            .pad_left = conv->pad_before,
                            .pad_right = conv->pad_after};
    band.in_height = end - begin - band.pad_top - band.pad_bottom;
    return band;
}

static conv_variant *find_variant(conv_job *job, const i2v_onednn_band *band) {
    for (int v = 0; v < job->variants_count; v++) {
        const i2v_onednn_band *other = &job->variants[v].band;
        if (other->out_height == band->out_height && other->pad_top == band->pad_top &&
            other->pad_bottom == band->pad_bottom) {
            return &job->variants[v];
        }
    }
    return NULL;
}

/* Returns 0 if there are more variants than fit. */
static int collect_variants(conv_job *job) {
    job->variants_count = 0;
    for (int i = 0; i < job->bands; i++) {
        i2v_onednn_band band = band_at(job, i);
        if (find_variant(job, &band)) continue;
        if (job->variants_count == MAX_VARIANTS) return 0;
        job->variants[job->variants_count++].band = band;
    }
    return 1;
}

static void cut_into_bands(conv_job *job) {
    const i2v_conv_args *args = job->args;
    int64_t line = (int64_t)args->out.width * args->out.channels +
                   (int64_t)args->x.width * args->x.channels * args->weights->stride;
    int64_t rows = BAND_SIZE / line;
    job->rows = (int)i2v_even_tile(args->out.height, rows < 1 ? 1 : rows);
    job->bands = (int)i2v_tiles(args->out.height, job->rows);
    if (collect_variants(job)) return;
    job->rows = args->out.height;
    job->bands = 1;
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
    cut_into_bands(job);
    for (int v = 0; v < job->variants_count; v++) {
        conv_variant *variant = &job->variants[v];
        int status = i2v_onednn_conv_describe(&variant->conv, args->weights, &variant->band);
        if (status) return status;
        if (variant->conv.scratch > work) work = variant->conv.scratch;
        if (variant->conv.own_weights) {
            variant->own_weights = i2v_scratch_take(&scratch, variant->conv.own_weights);
        }
    }
    int64_t floats = (int64_t)job->rows * args->out.width * args->out.channels;
    job->product = i2v_scratch_per_thread(&scratch, device->threads, floats, &job->product_stride);
    job->work =
        i2v_scratch_per_thread(&scratch, device->threads, i2v_tiles((int64_t)work, sizeof(float)), &job->work_stride);
    *size = scratch.used;
    return 0;
}

static void conv_band(void *argument, int64_t item, int thread) {
    conv_job *job = argument;
    const i2v_conv_args *args = job->args;
    int index = (int)(item % job->bands), row = index * job->rows;
    int64_t frame = item / job->bands;
    i2v_onednn_band band = band_at(job, index);
    const conv_variant *variant = find_variant(job, &band);
    int64_t in_line = frame * args->x.height + input_row(args->weights, row) + band.pad_top;
    float *product = job->product + thread * job->product_stride;
    int status = i2v_onednn_conv_run(&variant->conv, args->x.data + in_line * args->x.width * args->x.channels,
                                     variant->own_weights ? variant->own_weights : args->weights->packed, product,
                                     job->work + thread * job->work_stride);
    i2v_product_note(&job->failure, status);
    int64_t first = (frame * args->out.height + row) * args->out.width, channels = args->out.channels;
    for (int64_t i = 0; i < (int64_t)band.out_height * args->out.width && !status; i++) {
        job->kernels->epilogue(&args->epilogue, product + i * channels, args->weights->bias, (first + i) * channels, 0,
                               (int)channels, args->out.data);
    }
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
        i2v_parallel(device->threads, (int64_t)args->out.frames * job.bands, device->cancel, conv_band, &job);
    }
    clear(&job);
    return i2v_product_result(&job.failure, "convolution", error);
}
#else
typedef int i2v_conv_is_left_out; /* a file is not empty */
#endif
