#include "tensor/profile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double i2v_profile_begin(const i2v_profile *profile) {
    return profile ? now() : 0;
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

/* What an operation says of itself: the numbers of floats that it must read and write, and its shape. */
typedef struct {
    const char *operation;
    double began;
    uint64_t multiplications; /* the run's so far */
    int64_t floats;
} operation_record;

__attribute__((format(printf, 3, 4))) static void record(i2v_profile *profile, operation_record of, const char *format,
                                                         ...) {
    if (!profile) return;
    double seconds = now() - of.began;
    char shape[sizeof((i2v_bench_row *)NULL)->shape];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(shape, sizeof shape, format, arguments);
    va_end(arguments);
    i2v_bench_row *row = row_of(profile, of.operation, shape);
    if (!row) {
        profile->incomplete = 1;
        return;
    }
    row->count++;
    row->seconds += seconds;
    row->multiplications += of.multiplications - profile->multiplications;
    row->bytes += (uint64_t)of.floats * sizeof(float);
    profile->multiplications = of.multiplications;
}

/* ---- operations ---- */

/* The output written, and the residuals read. */
static int64_t with_residuals(const i2v_epilogue *epilogue, int64_t values) {
    int64_t floats = values;
    for (int i = 0; i < I2V_EPILOGUE_MAX_RESIDUALS; i++) floats += epilogue->residual[i] ? values : 0;
    return floats;
}

static int64_t weights_of(const i2v_linear *linear) {
    return (int64_t)linear->in * linear->out + linear->out;
}

I2V_PROFILED(linear) {
    const i2v_linear *weights = args->weights;
    operation_record of = {"linear", began, multiplications,
                           args->rows * weights->in + weights_of(weights) +
                               with_residuals(&args->epilogue, args->rows * weights->out)};
    char in[32];
    if (args->source_channels[1]) {
        snprintf(in, sizeof in, "%d+%d", args->source_channels[0], args->source_channels[1]);
    } else {
        snprintf(in, sizeof in, "%d", weights->in);
    }
    record(profile, of, "%" PRId64 " x %s -> %d%s", args->rows, in, weights->out, args->norm ? ", normed" : "");
}

I2V_PROFILED(feed_forward) {
    const i2v_linear *geglu = args->geglu, *output = args->output;
    operation_record of = {"feed_forward", began, multiplications,
                           args->rows * geglu->in + weights_of(geglu) + weights_of(output) +
                               with_residuals(&args->epilogue, args->rows * output->out)};
    record(profile, of, "%" PRId64 " x %d -> %d -> %d", args->rows, geglu->in, output->in, output->out);
}

I2V_PROFILED(conv) {
    const i2v_conv *weights = args->weights;
    const i2v_tensor *x = &args->x;
    int64_t taps = (int64_t)weights->kernel * weights->kernel;
    operation_record of = {"conv", began, multiplications,
                           i2v_tensor_count(x) + taps * weights->in * weights->out + weights->out +
                               with_residuals(&args->epilogue, i2v_tensor_count(&args->out))};
    record(profile, of, "[%d,%d,%d,%d] -> %d, %dx%d%s%s", x->frames, x->height, x->width, x->channels, weights->out,
           weights->kernel, weights->kernel, weights->stride > 1 ? ", halved" : "",
           weights->doubles ? ", doubled" : "");
}

I2V_PROFILED(temporal_conv) {
    const i2v_temporal_conv *weights = args->weights;
    const i2v_tensor *x = &args->x;
    operation_record of = {"temporal_conv", began, multiplications,
                           i2v_tensor_count(x) + (int64_t)3 * weights->in * weights->out + weights->out +
                               with_residuals(&args->epilogue, i2v_tensor_count(&args->out))};
    record(profile, of, "[%d,%d,%d,%d] -> %d", x->frames, x->height, x->width, x->channels, weights->out);
}

I2V_PROFILED(group_norm) {
    const i2v_tensor *out = &args->out;
    operation_record of = {"group_norm", began, multiplications, 2 * i2v_tensor_count(out)};
    record(profile, of, "[%d,%d,%d,%d]%s%s", out->frames, out->height, out->width, out->channels,
           args->source[1].channels ? ", joined" : "", args->frames_together ? ", all frames" : "");
}

I2V_PROFILED(layer_norm) {
    operation_record of = {"layer_norm", began, multiplications, 2 * args->rows * args->norm->channels};
    record(profile, of, "%" PRId64 " x %d", args->rows, args->norm->channels);
}

I2V_PROFILED(attention) {
    int64_t sequences = args->outer * args->inner;
    operation_record of = {"attention", began, multiplications,
                           4 * sequences * args->tokens * args->heads * args->head_dim};
    record(profile, of, "%" PRId64 " x %" PRId64 " tokens, %d x %d", sequences, args->tokens, args->heads,
           args->head_dim);
}

I2V_PROFILED(add_vectors) {
    const i2v_tensor *x = &args->x;
    operation_record of = {"add_vectors", began, multiplications,
                           2 * i2v_tensor_count(x) + (int64_t)x->frames * x->channels};
    record(profile, of, "[%d,%d,%d,%d]", x->frames, x->height, x->width, x->channels);
}

I2V_PROFILED(upsample) {
    const i2v_tensor *x = &args->x;
    operation_record of = {"upsample", began, multiplications, i2v_tensor_count(x) + i2v_tensor_count(&args->out)};
    record(profile, of, "[%d,%d,%d,%d]", x->frames, x->height, x->width, x->channels);
}
