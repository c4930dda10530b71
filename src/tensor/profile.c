/* Where the time of a forward pass goes. */
#include "tensor/profile.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double i2v_profile_begin(const i2v_profile *profile) {
    return profile ? i2v_now() : 0;
}

void i2v_profile_clear(i2v_profile *profile) {
    free(profile->rows);
    *profile = (i2v_profile){0};
}

/* ---- rows ---- */

/* The row of that operation and shape, made if there is none; NULL without memory. */
static i2v_bench_row *row_of(i2v_profile *profile, const char *operation, const char *shape) {
    for (size_t i = 0; i < profile->count; i++) {
        i2v_bench_row *row = &profile->rows[i];
        if (strcmp(row->operation, operation) == 0 && strcmp(row->shape, shape) == 0) return row;
    }
    if (profile->count == profile->room) {
        size_t room = profile->room ? 2 * profile->room : 64;
        i2v_bench_row *grown = realloc(profile->rows, room * sizeof *grown);
        if (!grown) return NULL;
        profile->rows = grown;
        profile->room = room;
    }
    i2v_bench_row *row = &profile->rows[profile->count++];
    *row = (i2v_bench_row){.operation = operation};
    memcpy(row->shape, shape, strlen(shape) + 1);
    return row;
}

/* What an operation says of itself: the bytes that it must read and write, and its shape. */
typedef struct {
    const char *operation;
    double began;
    uint64_t multiplications; /* the run's so far */
    size_t bytes;
} operation_record;

/* The operation's row, or NULL. */
I2V_PRINTF(3, 4) static i2v_bench_row *record(i2v_profile *profile, operation_record entry, const char *format, ...) {
    if (!profile) return NULL;
    double seconds = i2v_now() - entry.began;
    char shape[sizeof((i2v_bench_row *)NULL)->shape];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(shape, sizeof shape, format, arguments);
    va_end(arguments);
    i2v_bench_row *row = row_of(profile, entry.operation, shape);
    if (!row) {
        profile->incomplete = 1;
        return NULL;
    }
    row->count++;
    row->seconds += seconds;
    row->multiplications += entry.multiplications - profile->multiplications;
    row->bytes += entry.bytes;
    profile->multiplications = entry.multiplications;
    return row;
}

/* ---- operations ---- */

static size_t bytes_of(i2v_element element, int64_t values) {
    return (size_t)values * i2v_element_size(element);
}

static size_t with_skip(const i2v_tensor *x, const i2v_tensor *skip) {
    return i2v_tensor_bytes(x) + i2v_tensor_bytes(skip);
}

/* The output written, and the residuals read. */
static size_t with_residuals(const i2v_epilogue *epilogue, size_t out) {
    size_t bytes = out;
    for (int i = 0; i < I2V_EPILOGUE_MAX_RESIDUALS; i++) bytes += epilogue->residual[i] ? out : 0;
    return bytes;
}

static size_t filter_bytes(const i2v_filter *filter) {
    return bytes_of(filter->element, (int64_t)filter->in * filter->out * filter->taps);
}

static size_t linear_bytes(const i2v_linear *linear) {
    size_t bytes = 0;
    for (int i = 0; i < linear->parts_count; i++) bytes += filter_bytes(&linear->parts[i].filter);
    return bytes;
}

static void mark_int8(i2v_bench_row *row, const i2v_linear *linear) {
    if (row) row->is_int8 = linear->parts[0].filter.element == I2V_ELEMENT_INT8;
}

void i2v_profile_packing(i2v_profile *profile, size_t bytes, double began) {
    if (!profile) return;
    record(profile, (operation_record){"packing", began, profile->multiplications, bytes}, "weights, at their use");
}

I2V_PROFILED(linear) {
    const i2v_linear *weights = args->weights;
    size_t out = bytes_of(args->out_element, args->rows * weights->out);
    operation_record entry = {"linear", began, multiplications,
                              bytes_of(args->element, args->rows * weights->in) + linear_bytes(weights) +
                                  with_residuals(&args->epilogue, out)};
    char in[32];
    if (args->source_channels[1]) {
        snprintf(in, sizeof in, "%d+%d", args->source_channels[0], args->source_channels[1]);
    } else {
        snprintf(in, sizeof in, "%d", weights->in);
    }
    int normed = args->norm || args->input_norm.factors;
    i2v_bench_row *row =
        record(profile, entry, "%" PRId64 " x %s -> %d%s", args->rows, in, weights->out, normed ? ", normed" : "");
    mark_int8(row, weights);
}

I2V_PROFILED(feed_forward) {
    const i2v_linear *geglu = args->geglu, *output = args->output;
    operation_record entry = {"feed_forward", began, multiplications,
                              bytes_of(args->element, args->rows * geglu->in) + linear_bytes(geglu) +
                                  linear_bytes(output) +
                                  with_residuals(&args->epilogue, bytes_of(args->element, args->rows * output->out))};
    i2v_bench_row *row =
        record(profile, entry, "%" PRId64 " x %d -> %d -> %d", args->rows, geglu->in, output->in, output->out);
    mark_int8(row, geglu);
}

I2V_PROFILED(conv) {
    const i2v_conv *weights = args->weights;
    const i2v_tensor *x = &args->x;
    int64_t taps = weights->doubles ? 16 : (int64_t)weights->kernel * weights->kernel;
    operation_record entry = {"conv", began, multiplications,
                              with_skip(x, &args->skip) +
                                  bytes_of(weights->element, taps * weights->in * weights->out) +
                                  with_residuals(&args->epilogue, i2v_tensor_bytes(&args->out))};
    record(profile, entry, "[%d,%d,%d,%d] -> %d, %dx%d%s%s%s", x->frames, x->height, x->width, weights->in,
           weights->out, weights->kernel, weights->kernel, weights->stride > 1 ? ", halved" : "",
           weights->doubles ? ", doubled" : "", args->input_norm.factors ? ", normed" : "");
}

I2V_PROFILED(temporal_conv) {
    const i2v_filter *filter = &args->weights->filter;
    const i2v_tensor *x = &args->x;
    operation_record entry = {"temporal_conv", began, multiplications,
                              i2v_tensor_bytes(x) + filter_bytes(filter) +
                                  with_residuals(&args->epilogue, i2v_tensor_bytes(&args->out))};
    record(profile, entry, "[%d,%d,%d,%d] -> %d%s", x->frames, x->height, x->width, x->channels, filter->out,
           args->input_norm.factors ? ", normed" : "");
}

I2V_PROFILED(group_factors) {
    const i2v_tensor *x = &args->source[0];
    size_t bytes = args->moments ? 0 : with_skip(x, &args->source[1]);
    operation_record entry = {"group_factors", began, multiplications, bytes};
    record(profile, entry, "[%d,%d,%d,%d]%s%s", x->frames, x->height, x->width, args->norm->channels,
           args->source[1].channels ? ", joined" : "", args->all_frames ? ", all frames" : "");
}

I2V_PROFILED(group_moments) {
    const i2v_tensor *x = &args->source;
    operation_record entry = {"group_moments", began, multiplications, i2v_tensor_bytes(x)};
    record(profile, entry, "[%d,%d,%d,%d]", x->frames, x->height, x->width, x->channels);
}

I2V_PROFILED(layer_norm) {
    operation_record entry = {"layer_norm", began, multiplications,
                              bytes_of(I2V_ELEMENT_F32, 2 * args->rows * args->norm->channels)};
    record(profile, entry, "%" PRId64 " x %d", args->rows, args->norm->channels);
}

I2V_PROFILED(attention) {
    int64_t sequences = args->outer * args->inner;
    operation_record entry = {"attention", began, multiplications,
                              bytes_of(args->element, 4 * sequences * args->tokens * args->heads * args->head_dim)};
    record(profile, entry, "%" PRId64 " x %" PRId64 " tokens, %d x %d", sequences, args->tokens, args->heads,
           args->head_dim);
}

I2V_PROFILED(add_vectors) {
    const i2v_tensor *x = &args->x;
    operation_record entry = {"add_vectors", began, multiplications, with_skip(x, &args->out)};
    record(profile, entry, "[%d,%d,%d,%d]", x->frames, x->height, x->width, x->channels);
}

I2V_PROFILED(upsample) {
    const i2v_tensor *x = &args->x;
    operation_record entry = {"upsample", began, multiplications, with_skip(x, &args->out)};
    record(profile, entry, "[%d,%d,%d,%d]", x->frames, x->height, x->width, x->channels);
}
