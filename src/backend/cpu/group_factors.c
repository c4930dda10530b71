/* A group norm's factors from one pass over the pixels: moments of each tile, which are then joined. Tiles and the order
 * in which they are joined do not depend on threads. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

/* Floats of a tile. */
#define TILE_SIZE 65536

/* Of a tile and group. */
typedef struct group_moments {
    double mean, squares;
} group_moments;

typedef struct group_factors_job {
    const i2v_kernels *kernels;
    const i2v_group_factors_args *args;
    int64_t pixels, rows, tiles; /* of a frame; rows: of a tile */
    group_moments *moments;      /* [frames][tiles][groups] */
    double *sums;                /* per thread: [mean, squares][channels] */
    float *work;                 /* per thread */
    int64_t sums_stride, work_stride;
} group_factors_job;

static size_t plan(group_factors_job *job, const i2v_kernels *kernels, const i2v_device *device,
                   const i2v_group_factors_args *args, void *memory) {
    i2v_scratch scratch = {memory, 0};
    int channels = args->norm->channels, frames = args->source[0].frames;
    *job = (group_factors_job){.kernels = kernels, .args = args};
    job->pixels = (int64_t)args->source[0].height * args->source[0].width;
    job->rows = i2v_even_tile(job->pixels, TILE_SIZE / channels < 16 ? 16 : TILE_SIZE / channels);
    job->tiles = i2v_tiles(job->pixels, job->rows);
    job->moments =
        i2v_scratch_take(&scratch, (size_t)(frames * job->tiles * args->norm->groups) * sizeof(group_moments));
    job->sums_stride = 2 * (int64_t)channels;
    job->sums = i2v_scratch_take(&scratch, (size_t)(i2v_team_size(device->team) * job->sums_stride) * sizeof(double));
    job->work = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), (int64_t)I2V_MOMENTS_WORK * channels,
                                       &job->work_stride);
    return scratch.used;
}

static int64_t rows_of_tile(const group_factors_job *job, int64_t tile) {
    return i2v_min(job->rows, job->pixels - tile * job->rows);
}

static void moments_of_groups(const i2v_norm *norm, const double *mean, const double *squares, int64_t rows,
                              group_moments *moments) {
    int size = norm->channels / norm->groups;
    for (int g = 0; g < norm->groups; g++, mean += size, squares += size) {
        double sum = 0, rest = 0;
        for (int c = 0; c < size; c++) sum += mean[c];
        sum /= size;
        for (int c = 0; c < size; c++) rest += squares[c] + (double)rows * (mean[c] - sum) * (mean[c] - sum);
        moments[g] = (group_moments){sum, rest};
    }
}

static void moments_item(void *argument, int64_t item, int thread) {
    const group_factors_job *job = argument;
    const i2v_norm *norm = job->args->norm;
    int64_t frame = item / job->tiles, tile = item % job->tiles, rows = rows_of_tile(job, tile);
    double *mean = job->sums + thread * job->sums_stride, *squares = mean + norm->channels;
    memset(mean, 0, (size_t)job->sums_stride * sizeof(double));
    for (int s = 0, channel = 0; s < 2; s++) {
        const i2v_tensor *x = &job->args->source[s];
        if (!x->channels) continue;
        i2v_moments moments = {mean + channel, squares + channel, job->work + thread * job->work_stride, 0};
        int64_t at = (frame * job->pixels + tile * job->rows) * x->channels;
        job->kernels->moments(&moments, x->element, (const char *)x->data + (size_t)at * i2v_element_size(x->element),
                              x->channels, (int)rows, x->channels);
        channel += x->channels;
    }
    moments_of_groups(norm, mean, squares, rows, job->moments + item * norm->groups);
}

/* The factors of one group from the moments of the tiles of one frame, or of all. */
static void factors_item(void *argument, int64_t item, int thread) {
    const group_factors_job *job = argument;
    const i2v_norm *norm = job->args->norm;
    int64_t set = item / norm->groups, group = item % norm->groups;
    int64_t tiles = job->tiles * (job->args->frames_together ? job->args->source[0].frames : 1);
    const group_moments *moments = job->moments + set * tiles * norm->groups + group;
    double rows = (double)job->pixels * (double)(tiles / job->tiles), mean = 0, squares = 0;
    int size = norm->channels / norm->groups;
    for (int64_t t = 0; t < tiles; t++) {
        mean += moments[t * norm->groups].mean * (double)rows_of_tile(job, t % job->tiles) / rows;
    }
    for (int64_t t = 0; t < tiles; t++) {
        double d = moments[t * norm->groups].mean - mean;
        squares += moments[t * norm->groups].squares + d * d * size * (double)rows_of_tile(job, t % job->tiles);
    }
    double variance = squares / (rows * size), factor = 1 / sqrt((variance < 0 ? 0 : variance) + norm->epsilon);
    float *means = job->args->factors + set * 3 * norm->channels, *scales = means + norm->channels;
    float *shifts = scales + norm->channels;
    for (int64_t c = group * size; c < (group + 1) * size; c++) {
        double scale = factor * norm->weight[c];
        means[c] = (float)mean;
        scales[c] = (float)scale;
        shifts[c] = (float)(norm->bias[c] - (mean - means[c]) * scale);
    }
}

size_t i2v_cpu_group_factors_scratch(const i2v_kernels *kernels, const i2v_device *device,
                                     const i2v_group_factors_args *args) {
    group_factors_job job;
    return plan(&job, kernels, device, args, NULL);
}

i2v_status i2v_cpu_group_factors(const i2v_kernels *kernels, const i2v_device *device,
                                 const i2v_group_factors_args *args, void *scratch, i2v_error *error) {
    group_factors_job job;
    plan(&job, kernels, device, args, scratch);
    int64_t frames = args->source[0].frames, sets = args->frames_together ? 1 : frames;
    i2v_parallel(device->team, frames * job.tiles, device->cancel, moments_item, &job);
    i2v_parallel(device->team, sets * args->norm->groups, device->cancel, factors_item, &job);
    return I2V_OK;
}
