/* A group norm's factors from one pass over the pixels: moments of each tile, which are then joined. Tiles and the
 * order in which they are joined do not depend on threads, nor on whether the pixels come at once or in bands of tiles.
 */
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

/* The tiles of a norm, and their moments. */
typedef struct group_tiles {
    const i2v_kernels *kernels;
    const i2v_norm *norm;
    int64_t pixels, rows, tiles; /* of a frame; rows: of a tile */
    group_moments *moments;      /* [frames][tiles][groups] */
} group_tiles;

/* The tiles of a band of the pixels. */
typedef struct moments_job {
    group_tiles all;
    const i2v_tensor *source[2];
    int64_t first, tiles, pixels; /* of the band: its first tile, its tiles and pixels in a frame */
    double *sums;                 /* per thread: [mean, squares][channels] */
    float *work;                  /* per thread */
    int64_t sums_stride, work_stride;
} moments_job;

typedef struct factors_job {
    group_tiles all;
    const i2v_group_factors_args *args;
} factors_job;

int64_t i2v_cpu_moments_tile(const i2v_norm *norm, int64_t pixels) {
    return i2v_even_tile(pixels, TILE_SIZE / norm->channels < 16 ? 16 : TILE_SIZE / norm->channels);
}

size_t i2v_cpu_moments_size(const i2v_norm *norm, int frames, int64_t pixels) {
    int64_t tiles = i2v_divide_up(pixels, i2v_cpu_moments_tile(norm, pixels));
    return (size_t)(frames * tiles * norm->groups) * sizeof(group_moments);
}

static group_tiles tiles_of(const i2v_kernels *kernels, const i2v_norm *norm, int64_t pixels, void *moments) {
    group_tiles all = {.kernels = kernels, .norm = norm, .pixels = pixels, .moments = moments};
    all.rows = i2v_cpu_moments_tile(norm, pixels);
    all.tiles = i2v_divide_up(pixels, all.rows);
    return all;
}

static int64_t pixels_of(const i2v_tensor *tensor) {
    return (int64_t)tensor->height * tensor->width;
}

/* What each thread works with. */
static void plan_work(moments_job *job, const i2v_device *device, i2v_scratch *scratch) {
    int64_t channels = job->all.norm->channels;
    int threads = i2v_team_size(device->team);
    job->sums_stride = 2 * channels;
    job->sums = i2v_scratch_take(scratch, (size_t)(threads * job->sums_stride) * sizeof(double));
    job->work = i2v_scratch_per_thread(scratch, threads, I2V_MOMENTS_WORK * channels, &job->work_stride);
}

static int64_t rows_of_tile(const group_tiles *all, int64_t tile) {
    return i2v_min(all->rows, all->pixels - tile * all->rows);
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
    const moments_job *job = argument;
    const i2v_norm *norm = job->all.norm;
    int64_t frame = item / job->tiles, tile = item % job->tiles, rows = rows_of_tile(&job->all, job->first + tile);
    double *mean = job->sums + thread * job->sums_stride, *squares = mean + norm->channels;
    memset(mean, 0, (size_t)job->sums_stride * sizeof(double));
    for (int s = 0, channel = 0; s < 2; s++) {
        const i2v_tensor *x = job->source[s];
        if (!x || !x->channels) continue;
        i2v_moments moments = {mean + channel, squares + channel, job->work + thread * job->work_stride, 0};
        int64_t at = (frame * job->pixels + tile * job->all.rows) * x->channels;
        job->all.kernels->moments(&moments, x->element,
                                  (const char *)x->data + (size_t)at * i2v_element_size(x->element), x->channels,
                                  (int)rows, x->channels);
        channel += x->channels;
    }
    moments_of_groups(norm, mean, squares, rows,
                      job->all.moments + (frame * job->all.tiles + job->first + tile) * norm->groups);
}

/* The factors of one group from the moments of the tiles of one frame, or of all. */
static void factors_item(void *argument, int64_t item, int thread) {
    const factors_job *job = argument;
    const group_tiles *all = &job->all;
    const i2v_norm *norm = all->norm;
    int64_t set = item / norm->groups, group = item % norm->groups;
    int64_t tiles = all->tiles * (job->args->all_frames ? job->args->source[0].frames : 1);
    const group_moments *moments = all->moments + set * tiles * norm->groups + group;
    double rows = (double)all->pixels * (double)(tiles / all->tiles), mean = 0, squares = 0;
    int size = norm->channels / norm->groups;
    for (int64_t t = 0; t < tiles; t++) {
        mean += moments[t * norm->groups].mean * (double)rows_of_tile(all, t % all->tiles) / rows;
    }
    for (int64_t t = 0; t < tiles; t++) {
        double d = moments[t * norm->groups].mean - mean;
        squares += moments[t * norm->groups].squares + d * d * size * (double)rows_of_tile(all, t % all->tiles);
    }
    double variance = squares / (rows * size), factor = i2v_norm_factor(variance, norm->epsilon);
    float *means = job->args->factors + set * 3 * norm->channels, *scales = means + norm->channels;
    float *shifts = scales + norm->channels;
    for (int64_t c = group * size; c < (group + 1) * size; c++) {
        double scale = factor * norm->weight[c];
        means[c] = (float)mean;
        scales[c] = (float)scale;
        shifts[c] = (float)(norm->bias[c] - (mean - means[c]) * scale);
    }
}

/* All pixels as one band, unless their moments are there. */
static size_t plan(moments_job *job, const i2v_device *device, const i2v_group_factors_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    int64_t pixels = pixels_of(&args->source[0]);
    void *moments = (void *)args->moments;
    if (!moments) {
        moments = i2v_scratch_take(&scratch, i2v_cpu_moments_size(args->norm, args->source[0].frames, pixels));
    }
    *job = (moments_job){.source = {&args->source[0], &args->source[1]}, .pixels = pixels};
    job->all = tiles_of(kernels, args->norm, pixels, moments);
    job->tiles = job->all.tiles;
    if (!args->moments) plan_work(job, device, &scratch);
    return scratch.used;
}

size_t i2v_cpu_group_factors_scratch(const i2v_device *device, const i2v_group_factors_args *args) {
    moments_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_group_factors(const i2v_device *device, const i2v_group_factors_args *args, void *scratch,
                                 i2v_error *error) {
    moments_job job;
    plan(&job, device, args, scratch);
    int64_t frames = args->source[0].frames, sets = args->all_frames ? 1 : frames;
    if (!args->moments) i2v_parallel(device->team, frames * job.tiles, device->cancel, moments_item, &job);
    factors_job factors = {job.all, args};
    i2v_parallel(device->team, sets * args->norm->groups, device->cancel, factors_item, &factors);
    return I2V_OK;
}

static size_t plan_band(moments_job *job, const i2v_device *device, const i2v_group_moments_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    *job = (moments_job){.source = {&args->source}, .pixels = pixels_of(&args->source)};
    job->all = tiles_of(kernels, args->norm, args->pixels, args->moments);
    job->first = args->first / job->all.rows;
    job->tiles = i2v_divide_up(job->pixels, job->all.rows);
    plan_work(job, device, &scratch);
    return scratch.used;
}

size_t i2v_cpu_group_moments_scratch(const i2v_device *device, const i2v_group_moments_args *args) {
    moments_job job;
    return plan_band(&job, device, args, NULL);
}

i2v_status i2v_cpu_group_moments(const i2v_device *device, const i2v_group_moments_args *args, void *scratch,
                                 i2v_error *error) {
    moments_job job;
    plan_band(&job, device, args, scratch);
    i2v_parallel(device->team, args->source.frames * job.tiles, device->cancel, moments_item, &job);
    return I2V_OK;
}
