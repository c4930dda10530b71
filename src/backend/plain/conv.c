/* Convolutions over the image and over frames, output pixel by output pixel. Packed weights are the weights. */
#include "backend/plain/plain.h"

#include "base/parallel.h"

size_t i2v_plain_conv_scratch(const i2v_device *device, const i2v_conv_args *args) {
    return 0;
}

/* Sum over input channels at tap (ky, kx) of output channel `out`, from the input pixel x. */
static double conv_tap(const i2v_conv *conv, int out, int ky, int kx, const float *x) {
    int taps = conv->kernel * conv->kernel;
    const float *w = (const float *)conv->packed + (int64_t)out * conv->in * taps + ky * conv->kernel + kx;
    double sum = 0;
    for (int i = 0; i < conv->in; i++) sum += (double)x[i] * w[(int64_t)i * taps];
    return sum;
}

static double conv_at(const i2v_conv_args *args, int frame, int y, int x, int out) {
    const i2v_conv *conv = args->weights;
    const i2v_tensor *in = &args->x;
    double sum = conv->bias ? conv->bias[out] : 0;
    for (int ky = 0; ky < conv->kernel; ky++) {
        int in_y = y * conv->stride - conv->pad_before + ky;
        if (in_y < 0 || in_y >> conv->doubles >= in->height) continue;
        for (int kx = 0; kx < conv->kernel; kx++) {
            int in_x = x * conv->stride - conv->pad_before + kx;
            if (in_x < 0 || in_x >> conv->doubles >= in->width) continue;
            int64_t pixel =
                ((int64_t)frame * in->height + (in_y >> conv->doubles)) * in->width + (in_x >> conv->doubles);
            sum += conv_tap(conv, out, ky, kx, in->data + pixel * in->channels);
        }
    }
    return sum;
}

static void conv_pixel(void *argument, int64_t pixel, int thread) {
    const i2v_conv_args *args = argument;
    int x = (int)(pixel % args->out.width);
    int y = (int)(pixel / args->out.width % args->out.height);
    int frame = (int)(pixel / args->out.width / args->out.height);
    int channels = args->out.channels;
    for (int o = 0; o < channels; o++) {
        double product = conv_at(args, frame, y, x, o);
        args->out.data[pixel * channels + o] = i2v_plain_epilogue(&args->epilogue, pixel, o, channels, product);
    }
}

i2v_status i2v_plain_conv(const i2v_device *device, const i2v_conv_args *args, void *scratch, i2v_error *error) {
    i2v_parallel(device->team, i2v_tensor_rows(&args->out), device->cancel, conv_pixel, (void *)args);
    return I2V_OK;
}

size_t i2v_plain_temporal_conv_scratch(const i2v_device *device, const i2v_temporal_conv_args *args) {
    return 0;
}

static void temporal_conv_pixel(void *argument, int64_t row, int thread) {
    const i2v_temporal_conv_args *args = argument;
    const i2v_filter *filter = &args->weights->filter;
    const float *bias = args->weights->bias;
    int64_t pixels = (int64_t)args->x.height * args->x.width;
    for (int o = 0; o < filter->out; o++) {
        double sum = bias ? bias[o] : 0;
        for (int tap = 0; tap < 3; tap++) {
            int64_t frame = row / pixels + tap - 1;
            if (frame < 0 || frame >= args->x.frames) continue;
            const float *x = args->x.data + (frame * pixels + row % pixels) * filter->in;
            const float *w = (const float *)filter->packed + (int64_t)o * filter->in * 3 + tap;
            for (int64_t i = 0; i < filter->in; i++) sum += (double)x[i] * w[3 * i];
        }
        args->out.data[row * filter->out + o] = i2v_plain_epilogue(&args->epilogue, row, o, filter->out, sum);
    }
}

i2v_status i2v_plain_temporal_conv(const i2v_device *device, const i2v_temporal_conv_args *args, void *scratch,
                                   i2v_error *error) {
    i2v_parallel(device->team, i2v_tensor_rows(&args->out), device->cancel, temporal_conv_pixel, (void *)args);
    return I2V_OK;
}
