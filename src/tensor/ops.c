/* The operations that models are written in. */
#include "tensor/ops.h"
#include "tensor/stream.h"

#include <math.h>

i2v_epilogue i2v_epilogue_plain(void) {
    return (i2v_epilogue){.scale = 1};
}

i2v_epilogue i2v_epilogue_residual(i2v_tensor residual) {
    i2v_epilogue epilogue = i2v_epilogue_plain();
    i2v_epilogue_set_residual(&epilogue, 0, residual, 1);
    return epilogue;
}

i2v_epilogue i2v_epilogue_relu(void) {
    return (i2v_epilogue){.scale = 1, .relu = 1};
}

void i2v_epilogue_set_residual(i2v_epilogue *epilogue, int index, i2v_tensor residual, float scale) {
    epilogue->residual[index] = residual.data;
    epilogue->residual_scale[index] = scale;
}

void i2v_epilogue_set_vector(i2v_epilogue *epilogue, i2v_tensor vector) {
    epilogue->vector = vector.data;
}

int i2v_conv_size(const i2v_conv *conv, int size) {
    return ((size << conv->doubles) + conv->pad_before + conv->pad_after - conv->kernel) / conv->stride + 1;
}

static void tick(i2v_run *run) {
    if (run->tick && !run->status && !i2v_pool_is_dry(run->pool))
        run->status = run->tick(run->tick_user, run->work);
}

/* How much faster than a matrix product convolutions of 3x3 and of 3 taps multiply, for which fewer products are done
 * than are counted; the multiply-adds that take as long as a value read or written; and the outputs that take
 * as long as fewer do, as a vector is computed whole. Measured with the bundled model's sizes in float32 on AVX2
 * (docs/PERFORMANCE.md). */
static const double RATE_OF_3X3 = 1.9, RATE_OF_3 = 1.3, WORK_OF_VALUE = 24;
enum { LEAST_OUTPUTS = 16 };

static void add_values(i2v_run *run, int64_t values) {
    run->work += WORK_OF_VALUE * (double)values;
}

/* Rows of `out` values, each a sum of `in` products. */
static void add_product(i2v_run *run, int64_t rows, int64_t in, int64_t out, double rate) {
    int64_t least = out < LEAST_OUTPUTS ? LEAST_OUTPUTS : out;
    run->multiplications += (uint64_t)rows * (uint64_t)in * (uint64_t)out;
    run->weights += (double)in * (double)out;
    run->work += (double)rows * (double)in * (double)least / rate;
}

/* How many times as fast as others products with the weights are. */
static double rate_of(const i2v_run *run, const i2v_linear *weights) {
    return weights->parts[0].filter.element == I2V_ELEMENT_INT8 ? run->backend->int8_rate : 1;
}

/* Takes the operation's scratch, runs it unless the run is dry or has failed, and gives the scratch back. */
#define RUN_OPERATION(name, args)                                                                                      \
    do {                                                                                                               \
        if (run->status) break;                                                                                        \
        size_t scratch_size = run->backend->name##_scratch(&run->device, &(args));                                     \
        void *scratch = scratch_size ? i2v_run_take(run, scratch_size) : NULL;                                         \
        if (i2v_run_computes(run)) {                                                                                   \
            double began = i2v_profile_begin(run->profile);                                                            \
            run->status = run->backend->name(&run->device, &(args), scratch, run->error);                              \
            i2v_profile_##name(run->profile, &(args), began, run->multiplications);                                    \
        }                                                                                                              \
        i2v_pool_give(run->pool, scratch);                                                                             \
        tick(run);                                                                                                     \
    } while (0)

i2v_group_norm i2v_group_norm_of(i2v_run *run, i2v_tensor x, i2v_tensor skip, const i2v_norm *norm, int all_frames,
                                 i2v_activation activation) {
    int sets = all_frames ? 1 : x.frames;
    i2v_group_norm made = {.factors = i2v_tensor_new_f32(run, sets, 1, 3, norm->channels)};
    made.input = (i2v_input_norm){made.factors.data, i2v_tensor_rows(&x) / sets, activation};
    i2v_group_factors_args args = {
        .source = {x, skip}, .norm = norm, .all_frames = all_frames, .factors = made.factors.data};
    add_values(run, i2v_tensor_count(&x) + i2v_tensor_count(&skip));
    RUN_OPERATION(group_factors, args);
    return made;
}

void i2v_group_norm_free(i2v_run *run, i2v_group_norm *norm) {
    i2v_tensor_free(run, &norm->factors);
}

static int64_t pixels_of(i2v_tensor x) {
    return (int64_t)x.height * x.width;
}

int i2v_moments_band(const i2v_run *run, i2v_tensor x, const i2v_norm *norm) {
    int64_t tile = run->backend->moments_tile(norm, pixels_of(x)), tiles = (pixels_of(x) + tile - 1) / tile;
    return (int)(tile * i2v_run_batch(run, (int)tiles, tile * x.frames * x.channels));
}

i2v_tensor i2v_moments_new(i2v_run *run, i2v_tensor x, const i2v_norm *norm) {
    size_t bytes = run->backend->moments_size(norm, x.frames, pixels_of(x));
    return i2v_tensor_new_f32(run, x.frames, 1, 1, (int)(bytes / (size_t)x.frames / sizeof(float)));
}

void i2v_op_group_moments(i2v_run *run, i2v_tensor moments, i2v_tensor x, i2v_tensor band, int first,
                          const i2v_norm *norm) {
    i2v_group_moments_args args = {
        .source = band, .norm = norm, .first = first, .pixels = pixels_of(x), .moments = moments.data};
    add_values(run, i2v_tensor_count(&band));
    RUN_OPERATION(group_moments, args);
}

i2v_group_norm i2v_group_norm_of_moments(i2v_run *run, i2v_tensor moments, i2v_tensor x, const i2v_norm *norm,
                                         i2v_activation activation) {
    i2v_group_norm made = {.factors = i2v_tensor_new_f32(run, 1, 1, 3, norm->channels)};
    made.input = (i2v_input_norm){made.factors.data, i2v_tensor_rows(&x), activation};
    i2v_group_factors_args args = {
        .source = {x}, .norm = norm, .all_frames = 1, .moments = moments.data, .factors = made.factors.data};
    RUN_OPERATION(group_factors, args);
    return made;
}

static i2v_input_norm input_norm(const i2v_group_norm *group_norm) {
    return group_norm ? group_norm->input : (i2v_input_norm){0};
}

static void linear(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor skip, const i2v_norm *norm,
                   const i2v_group_norm *group_norm, const i2v_linear *weights, i2v_epilogue epilogue) {
    i2v_linear packed = i2v_stream_linear(run, weights);
    i2v_linear_args args = {.rows = i2v_tensor_rows(&x),
                            .source = {x.data, skip.data},
                            .source_channels = {x.channels, skip.channels},
                            .element = x.element,
                            .norm = norm,
                            .input_norm = input_norm(group_norm),
                            .weights = &packed,
                            .epilogue = epilogue,
                            .out_element = out.element,
                            .out = out.data};
    add_product(run, args.rows, weights->in, weights->out, rate_of(run, weights));
    add_values(run, args.rows * (weights->in + weights->out));
    RUN_OPERATION(linear, args);
    i2v_stream_linear_end(run, weights, &packed);
}

void i2v_op_linear(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *layer_norm, const i2v_linear *weights,
                   i2v_epilogue epilogue) {
    linear(run, out, x, (i2v_tensor){0}, layer_norm, NULL, weights, epilogue);
}

void i2v_op_linear_normed(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_group_norm *group_norm,
                          const i2v_linear *weights, i2v_epilogue epilogue) {
    linear(run, out, x, (i2v_tensor){0}, NULL, group_norm, weights, epilogue);
}

void i2v_op_linear_joined(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor skip, const i2v_linear *weights,
                          i2v_epilogue epilogue) {
    linear(run, out, x, skip, NULL, NULL, weights, epilogue);
}

void i2v_op_feed_forward(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *norm, const i2v_linear *geglu,
                         const i2v_linear *output, i2v_epilogue epilogue) {
    i2v_linear packed_geglu = i2v_stream_linear(run, geglu), packed_output = i2v_stream_linear(run, output);
    i2v_feed_forward_args args = {.rows = i2v_tensor_rows(&x),
                                  .x = x.data,
                                  .element = x.element,
                                  .norm = norm,
                                  .geglu = &packed_geglu,
                                  .output = &packed_output,
                                  .epilogue = epilogue,
                                  .out = out.data};
    add_product(run, args.rows, geglu->in, geglu->out, rate_of(run, geglu));
    add_product(run, args.rows, output->in, output->out, rate_of(run, output));
    add_values(run, args.rows * (geglu->in + output->out));
    RUN_OPERATION(feed_forward, args);
    i2v_stream_linear_end(run, output, &packed_output);
    i2v_stream_linear_end(run, geglu, &packed_geglu);
}

void i2v_op_conv(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_conv *weights, i2v_epilogue epilogue) {
    i2v_op_conv_normed(run, out, x, (i2v_tensor){0}, NULL, weights, epilogue);
}

void i2v_op_conv_normed(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor skip, const i2v_group_norm *group_norm,
                        const i2v_conv *weights, i2v_epilogue epilogue) {
    i2v_conv packed = i2v_stream_conv(run, weights);
    i2v_conv_args args = {.weights = &packed,
                          .x = x,
                          .skip = skip,
                          .out = out,
                          .input_norm = input_norm(group_norm),
                          .epilogue = epilogue};
    int64_t taps = (int64_t)weights->kernel * weights->kernel;
    add_product(run, i2v_tensor_rows(&out), taps * weights->in, out.channels,
                taps == 9 && weights->stride == 1 ? RATE_OF_3X3 : 1);
    add_values(run, i2v_tensor_count(&x) + i2v_tensor_count(&skip) + i2v_tensor_count(&out));
    RUN_OPERATION(conv, args);
    i2v_stream_conv_end(run, weights, &packed);
}

void i2v_op_temporal_conv(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_group_norm *group_norm,
                          const i2v_temporal_conv *weights, i2v_epilogue epilogue) {
    i2v_op_temporal_conv_band(run, out, x, 0, group_norm, weights, epilogue);
}

/* The part of *tensor that is the band; its frames stay as far apart as they are. */
static void cut_band(i2v_tensor *tensor, int first, int64_t pixels) {
    if (pixels_of(*tensor) == pixels) return;
    *tensor = (i2v_tensor){i2v_tensor_pixels(tensor, 0, first, (int)pixels).data,
                           tensor->frames,
                           1,
                           (int)pixels,
                           tensor->channels,
                           tensor->element};
}

void i2v_op_temporal_conv_band(i2v_run *run, i2v_tensor out, i2v_tensor x, int first, const i2v_group_norm *group_norm,
                               const i2v_temporal_conv *weights, i2v_epilogue epilogue) {
    i2v_temporal_conv packed = i2v_stream_temporal_conv(run, weights);
    i2v_temporal_conv_args args = {.weights = &packed,
                                   .x = x,
                                   .out = out,
                                   .x_frame_rows = pixels_of(x),
                                   .out_frame_rows = pixels_of(out),
                                   .input_norm = input_norm(group_norm),
                                   .epilogue = epilogue};
    int64_t pixels = args.x_frame_rows < args.out_frame_rows ? args.x_frame_rows : args.out_frame_rows;
    cut_band(&args.x, first, pixels);
    cut_band(&args.out, first, pixels);
    add_product(run, i2v_tensor_rows(&args.out), (int64_t)weights->filter.in * 3, args.out.channels, RATE_OF_3);
    add_values(run, i2v_tensor_count(&args.x) + i2v_tensor_count(&args.out));
    RUN_OPERATION(temporal_conv, args);
    i2v_stream_temporal_conv_end(run, weights, &packed);
}

void i2v_op_layer_norm(i2v_run *run, i2v_tensor out, i2v_tensor x, const i2v_norm *norm) {
    i2v_layer_norm_args args = {.rows = i2v_tensor_rows(&x), .x = x.data, .norm = norm, .out = out.data};
    add_values(run, 2 * i2v_tensor_count(&x));
    RUN_OPERATION(layer_norm, args);
}

static void attention(i2v_run *run, i2v_attention_args args) {
    uint64_t pairs = (uint64_t)(args.outer * args.inner) * (uint64_t)args.tokens * (uint64_t)args.tokens;
    uint64_t multiplications = 2 * pairs * (uint64_t)(args.heads * args.head_dim);
    run->multiplications += multiplications;
    run->work += (double)multiplications;
    add_values(run, 4 * args.outer * args.inner * args.tokens * args.heads * args.head_dim);
    RUN_OPERATION(attention, args);
}

/* The parts of args that spatial and temporal attention share. */
static i2v_attention_args attention_of(i2v_tensor out, i2v_tensor qkv, int heads) {
    size_t part = (size_t)out.channels * i2v_element_size(qkv.element);
    const char *q = qkv.data; /* NULL: the run has failed */
    int head_dim = out.channels / heads;
    return (i2v_attention_args){.q = q,
                                .k = q ? q + part : NULL,
                                .v = q ? q + 2 * part : NULL,
                                .out = out.data,
                                .element = qkv.element,
                                .heads = heads,
                                .head_dim = head_dim,
                                .scale = 1.0f / sqrtf((float)head_dim)};
}

void i2v_op_spatial_attention(i2v_run *run, i2v_tensor out, i2v_tensor qkv, int heads) {
    i2v_attention_args args = attention_of(out, qkv, heads);
    args.outer = qkv.frames;
    args.inner = 1;
    args.tokens = (int64_t)qkv.height * qkv.width;
    args.token_stride = qkv.channels;
    args.outer_stride = args.tokens * qkv.channels;
    args.out_token_stride = out.channels;
    args.out_outer_stride = args.tokens * out.channels;
    attention(run, args);
}

void i2v_op_temporal_attention(i2v_run *run, i2v_tensor out, i2v_tensor qkv, int heads) {
    i2v_attention_args args = attention_of(out, qkv, heads);
    int64_t pixels = (int64_t)qkv.height * qkv.width;
    args.outer = 1;
    args.inner = pixels;
    args.tokens = qkv.frames;
    args.inner_stride = qkv.channels;
    args.token_stride = pixels * qkv.channels;
    args.out_inner_stride = out.channels;
    args.out_token_stride = pixels * out.channels;
    attention(run, args);
}

void i2v_op_add_vectors(i2v_run *run, i2v_tensor out, i2v_tensor x, i2v_tensor vectors) {
    i2v_add_vectors_args args = {.x = x, .out = out, .vectors = vectors.data};
    add_values(run, i2v_tensor_count(&x) + i2v_tensor_count(&out));
    RUN_OPERATION(add_vectors, args);
}

void i2v_op_upsample(i2v_run *run, i2v_tensor out, i2v_tensor x) {
    i2v_upsample_args args = {.x = x, .out = out};
    add_values(run, i2v_tensor_count(&x) + i2v_tensor_count(&out));
    RUN_OPERATION(upsample, args);
}
