/* Group norm and layer norm, in two passes. */
#include "backend/plain/plain.h"

#include "base/parallel.h"

#include <math.h>

size_t i2v_plain_group_factors_scratch(const i2v_device *device, const i2v_group_factors_args *args) {
    return 0;
}

/* The channel `channel` of both sources side by side. */
static double source_at(const i2v_group_factors_args *args, int64_t row, int channel) {
    int first = args->source[0].channels, second = channel >= first;
    const i2v_tensor *source = &args->source[second];
    return i2v_plain_get(source->element, source->data, row * source->channels + channel - (second ? first : 0));
}

/* Sum of (x - center) or its square over rows begin..end and the group's channels. */
static double group_sum(const i2v_group_factors_args *args, int64_t begin, int64_t end, int group, double center,
                        int square) {
    int size = args->norm->channels / args->norm->groups;
    double sum = 0;
    for (int64_t row = begin; row < end; row++) {
        for (int c = group * size; c < (group + 1) * size; c++) {
            double x = source_at(args, row, c) - center;
            sum += square ? x * x : x;
        }
    }
    return sum;
}

static void factors_of_group(void *argument, int64_t item, int thread) {
    const i2v_group_factors_args *args = argument;
    const i2v_norm *norm = args->norm;
    int size = norm->channels / norm->groups, group = (int)(item % norm->groups);
    int64_t set = item / norm->groups;
    int64_t rows = i2v_tensor_rows(&args->source[0]) / (args->all_frames ? 1 : args->source[0].frames);
    double count = (double)rows * size;
    double mean = group_sum(args, set * rows, (set + 1) * rows, group, 0, 0) / count;
    double variance = group_sum(args, set * rows, (set + 1) * rows, group, mean, 1) / count;
    float *factors = args->factors + set * 3 * norm->channels;
    for (int c = group * size; c < (group + 1) * size; c++) {
        double scale = norm->weight[c] / sqrt(variance + norm->epsilon);
        factors[c] = (float)mean;
        factors[norm->channels + c] = (float)scale;
        factors[2 * norm->channels + c] = (float)(norm->bias[c] - (mean - factors[c]) * scale);
    }
}

i2v_status i2v_plain_group_factors(const i2v_device *device, const i2v_group_factors_args *args, void *scratch,
                                   i2v_error *error) {
    int64_t items = (int64_t)(args->all_frames ? 1 : args->source[0].frames) * args->norm->groups;
    i2v_group_factors_args whole = *args;
    if (args->moments) {
        whole.source[0].data = (void *)args->moments;
        whole.source[0].element = I2V_ELEMENT_F32;
    }
    i2v_parallel(device->team, items, device->cancel, factors_of_group, &whole);
    return I2V_OK;
}

/* The moments are all values, of which the two passes are made in the end. */
size_t i2v_plain_moments_size(const i2v_norm *norm, int frames, int64_t pixels) {
    return (size_t)(frames * pixels * norm->channels) * sizeof(float);
}

int64_t i2v_plain_moments_tile(const i2v_norm *norm, int64_t pixels) {
    return 1;
}

size_t i2v_plain_group_moments_scratch(const i2v_device *device, const i2v_group_moments_args *args) {
    return 0;
}

i2v_status i2v_plain_group_moments(const i2v_device *device, const i2v_group_moments_args *args, void *scratch,
                                   i2v_error *error) {
    const i2v_tensor *x = &args->source;
    int64_t values = (int64_t)x->height * x->width * x->channels;
    for (int64_t frame = 0; frame < x->frames; frame++) {
        float *out = (float *)args->moments + (frame * args->pixels + args->first) * x->channels;
        for (int64_t i = 0; i < values; i++) out[i] = (float)i2v_plain_get(x->element, x->data, frame * values + i);
    }
    return I2V_OK;
}

typedef struct layer_norm_job {
    const i2v_layer_norm_args *args;
    double *scratch; /* [threads][channels] */
} layer_norm_job;

static void layer_norm_row(void *argument, int64_t row, int thread) {
    const layer_norm_job *job = argument;
    int channels = job->args->norm->channels;
    double *normed = job->scratch + (int64_t)thread * channels;
    for (int c = 0; c < channels; c++) normed[c] = job->args->x[row * channels + c];
    i2v_plain_norm_row(job->args->norm, channels, normed);
    for (int c = 0; c < channels; c++) job->args->out[row * channels + c] = (float)normed[c];
}

size_t i2v_plain_layer_norm_scratch(const i2v_device *device, const i2v_layer_norm_args *args) {
    return (size_t)i2v_team_size(device->team) * (size_t)args->norm->channels * sizeof(double);
}

i2v_status i2v_plain_layer_norm(const i2v_device *device, const i2v_layer_norm_args *args, void *scratch,
                                i2v_error *error) {
    layer_norm_job job = {args, scratch};
    i2v_parallel(device->team, args->rows, device->cancel, layer_norm_row, &job);
    return I2V_OK;
}
