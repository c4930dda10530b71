/* Convolutions over images and over frames, output by output. */
#include "backend/plain/plain.h"

#include "base/parallel.h"

typedef struct conv_job {
    const i2v_conv_args *args;
    double *scratch; /* [threads][in, out] */
} conv_job;

size_t i2v_plain_conv_scratch(const i2v_device *device, const i2v_conv_args *args) {
    return (size_t)i2v_team_size(device->team) * (size_t)(args->weights->in + args->weights->out) * sizeof(double);
}

/* Sum over input channels at tap (ky, kx) of output channel `out`, from the input pixel x. */
static double conv_tap(const i2v_conv *conv, int out, int ky, int kx, const double *x) {
    int taps = conv->kernel * conv->kernel;
    const float *w = (const float *)conv->packed + (int64_t)out * conv->in * taps + ky * conv->kernel + kx;
    double sum = 0;
    for (int i = 0; i < conv->in; i++) sum += x[i] * w[(int64_t)i * taps];
    return sum;
}

/* Reads the pixel that tap (ky, kx) of output (frame, y, x) meets. Returns 0 if it lies in the padding. */
static int read_pixel(const i2v_conv_args *args, int frame, int y, int x, int ky, int kx, double *values) {
    const i2v_conv *conv = args->weights;
    const i2v_tensor *in = &args->x;
    int in_y = y * conv->stride - conv->pad_before + ky, in_x = x * conv->stride - conv->pad_before + kx;
    if (in_y < 0 || in_y >> conv->doubles >= in->height || in_x < 0 || in_x >> conv->doubles >= in->width) return 0;
    int64_t pixel = ((int64_t)frame * in->height + (in_y >> conv->doubles)) * in->width + (in_x >> conv->doubles);
    const void *const source[2] = {in->data, args->skip.data};
    i2v_plain_input(source, (int[]){in->channels, args->skip.channels}, in->element, &args->input_norm, pixel, values);
    return 1;
}

static void conv_pixel(void *argument, int64_t pixel, int thread) {
    const conv_job *job = argument;
    const i2v_conv_args *args = job->args;
    const i2v_conv *conv = args->weights;
    double *values = job->scratch + (int64_t)thread * (conv->in + conv->out), *sums = values + conv->in;
    int x = (int)(pixel % args->out.width), y = (int)(pixel / args->out.width % args->out.height);
    int frame = (int)(pixel / args->out.width / args->out.height);
    for (int o = 0; o < conv->out; o++) sums[o] = conv->bias ? conv->bias[o] : 0;
    for (int k = 0; k < conv->kernel * conv->kernel; k++) {
        int ky = k / conv->kernel, kx = k % conv->kernel;
        if (!read_pixel(args, frame, y, x, ky, kx, values)) continue;
        for (int o = 0; o < conv->out; o++) sums[o] += conv_tap(conv, o, ky, kx, values);
    }
    for (int o = 0; o < conv->out; o++) {
        i2v_plain_epilogue(&args->epilogue, pixel, o, conv->out, sums[o], args->out.element, args->out.data);
    }
}

i2v_status i2v_plain_conv(const i2v_device *device, const i2v_conv_args *args, void *scratch, i2v_error *error) {
    conv_job job = {args, scratch};
    i2v_parallel(device->team, i2v_tensor_rows(&args->out), device->cancel, conv_pixel, &job);
    return I2V_OK;
}

typedef struct temporal_conv_job {
    const i2v_temporal_conv_args *args;
    double *scratch; /* [threads][in, out] */
} temporal_conv_job;

size_t i2v_plain_temporal_conv_scratch(const i2v_device *device, const i2v_temporal_conv_args *args) {
    const i2v_filter *filter = &args->weights->filter;
    return (size_t)i2v_team_size(device->team) * (size_t)(filter->in + filter->out) * sizeof(double);
}

/* Sum over input channels of output channel `out`, from the pixel x of the frame that the tap meets. */
static double temporal_tap(const i2v_filter *filter, int out, int tap, const double *x) {
    const float *w = (const float *)filter->packed + (int64_t)out * filter->in * 3 + tap;
    double sum = 0;
    for (int64_t i = 0; i < filter->in; i++) sum += x[i] * w[3 * i];
    return sum;
}

static void temporal_conv_pixel(void *argument, int64_t row, int thread) {
    const temporal_conv_job *job = argument;
    const i2v_temporal_conv_args *args = job->args;
    const i2v_filter *filter = &args->weights->filter;
    const void *const source[2] = {args->x.data};
    double *x = job->scratch + (int64_t)thread * (filter->in + filter->out), *sums = x + filter->in;
    int64_t pixels = (int64_t)args->x.height * args->x.width;
    int64_t x_rows = args->x_frame_rows ? args->x_frame_rows : pixels;
    int64_t out_rows = args->out_frame_rows ? args->out_frame_rows : pixels;
    for (int o = 0; o < filter->out; o++) sums[o] = args->weights->bias ? args->weights->bias[o] : 0;
    for (int tap = 0; tap < 3; tap++) {
        int64_t frame = row / pixels + tap - 1;
        if (frame < 0 || frame >= args->x.frames) continue;
        i2v_plain_input(source, (int[]){filter->in, 0}, args->x.element, &args->input_norm,
                        frame * x_rows + row % pixels, x);
        for (int o = 0; o < filter->out; o++) sums[o] += temporal_tap(filter, o, tap, x);
    }
    for (int o = 0; o < filter->out; o++) {
        i2v_plain_epilogue(&args->epilogue, row / pixels * out_rows + row % pixels, o, filter->out, sums[o],
                           args->out.element, args->out.data);
    }
}

i2v_status i2v_plain_temporal_conv(const i2v_device *device, const i2v_temporal_conv_args *args, void *scratch,
                                   i2v_error *error) {
    temporal_conv_job job = {args, scratch};
    i2v_parallel(device->team, i2v_tensor_rows(&args->out), device->cancel, temporal_conv_pixel, &job);
    return I2V_OK;
}
