/* Matrix products and the feed-forward, row by row. */
#include "backend/plain/plain.h"

#include "base/parallel.h"

typedef struct linear_job {
    const i2v_linear_args *args;
    double *scratch; /* [threads][in] */
} linear_job;

static double dot_row(const i2v_linear *weights, int column, const double *x) {
    int part = 0;
    while (column >= weights->parts[part].filter.out) column -= weights->parts[part++].filter.out;
    const i2v_filter *filter = &weights->parts[part].filter;
    double sum = weights->parts[part].bias ? weights->parts[part].bias[column] : 0;
    if (filter->packing == I2V_PACKING_ROWS_INT8) return sum + i2v_plain_int8_dot(filter, column, x);
    const float *w = (const float *)filter->packed + (int64_t)column * weights->in;
    for (int i = 0; i < weights->in; i++) sum += x[i] * w[i];
    return sum;
}

static void linear_row(void *argument, int64_t row, int thread) {
    const linear_job *job = argument;
    const i2v_linear_args *args = job->args;
    const i2v_linear *weights = args->weights;
    double *x = job->scratch + (int64_t)thread * weights->in;
    i2v_plain_input(args->source, args->source_channels, args->element, &args->input_norm, row, x);
    i2v_plain_norm_row(args->norm, weights->in, x);
    for (int o = 0; o < weights->out; o++) {
        i2v_plain_epilogue(&args->epilogue, row, o, weights->out, dot_row(weights, o, x), args->out_element, args->out);
    }
}

size_t i2v_plain_linear_scratch(const i2v_device *device, const i2v_linear_args *args) {
    return (size_t)i2v_team_size(device->team) * (size_t)args->weights->in * sizeof(double);
}

i2v_status i2v_plain_linear(const i2v_device *device, const i2v_linear_args *args, void *scratch, i2v_error *error) {
    linear_job job = {args, scratch};
    i2v_parallel(device->team, args->rows, device->cancel, linear_row, &job);
    return I2V_OK;
}

typedef struct feed_forward_job {
    const i2v_feed_forward_args *args;
    double *scratch; /* [threads][channels + hidden] */
} feed_forward_job;

static void feed_forward_row(void *argument, int64_t row, int thread) {
    const feed_forward_job *job = argument;
    const i2v_feed_forward_args *args = job->args;
    int channels = args->geglu->in, hidden = args->output->in, columns = args->output->out;
    double *x = job->scratch + (int64_t)thread * (channels + hidden), *h = x + channels;
    for (int c = 0; c < channels; c++) x[c] = i2v_plain_get(args->element, args->x, row * channels + c);
    i2v_plain_norm_row(args->norm, channels, x);
    for (int i = 0; i < hidden; i++) {
        double value = dot_row(args->geglu, i, x), gate = dot_row(args->geglu, hidden + i, x);
        h[i] = value * i2v_plain_activate(I2V_ACTIVATION_GELU, gate);
    }
    for (int o = 0; o < columns; o++) {
        i2v_plain_epilogue(&args->epilogue, row, o, columns, dot_row(args->output, o, h), args->element, args->out);
    }
}

size_t i2v_plain_feed_forward_scratch(const i2v_device *device, const i2v_feed_forward_args *args) {
    return (size_t)i2v_team_size(device->team) * (size_t)(args->geglu->in + args->output->in) * sizeof(double);
}

i2v_status i2v_plain_feed_forward(const i2v_device *device, const i2v_feed_forward_args *args, void *scratch,
                                  i2v_error *error) {
    feed_forward_job job = {args, scratch};
    i2v_parallel(device->team, args->rows, device->cancel, feed_forward_row, &job);
    return I2V_OK;
}
