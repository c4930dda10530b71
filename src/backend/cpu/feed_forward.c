/* GEGLU feed-forward: a tile of rows goes through both matrices, a block of hidden columns at a time, so that hidden
 * values never leave the cache. The caller's chunk needs no heed: tiles are small, and results must not depend on it.
 */
#ifdef I2V_ONEDNN
#include "backend/cpu/product.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

#define HIDDEN_BLOCK 512

typedef struct feed_forward_job {
    const i2v_kernels *kernels;
    const i2v_feed_forward_args *args;
    i2v_product_tiling tiling;
    float *normed, *value, *gate, *product;
    int64_t normed_stride, hidden_stride, gate_stride, product_stride;
    atomic_int failure;
} feed_forward_job;

static size_t plan(feed_forward_job *job, const i2v_kernels *kernels, const i2v_device *device,
                   const i2v_feed_forward_args *args, void *memory) {
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team);
    *job = (feed_forward_job){.kernels = kernels, .args = args, .tiling = i2v_product_tiling_of(args->rows)};
    int64_t rows = job->tiling.rows;
    if (args->norm)
        job->normed = i2v_scratch_per_thread(&scratch, threads, rows * args->geglu->in, &job->normed_stride);
    job->value = i2v_scratch_per_thread(&scratch, threads, rows * HIDDEN_BLOCK, &job->hidden_stride);
    job->gate = i2v_scratch_per_thread(&scratch, threads, rows * HIDDEN_BLOCK, &job->gate_stride);
    job->product = i2v_scratch_per_thread(&scratch, threads, rows * args->output->out, &job->product_stride);
    return scratch.used;
}

/* What one thread works on. */
typedef struct feed_forward_tile {
    const float *x; /* [rows][channels], normed */
    float *value, *gate, *product;
    int rows;
} feed_forward_tile;

/* value = hidden columns first..first+count of the tile. */
static int hidden_block(const feed_forward_job *job, const feed_forward_tile *tile, int first, int count) {
    const i2v_linear *geglu = job->args->geglu;
    int channels = geglu->in, hidden = job->args->output->in;
    const float *weight = geglu->parts[0].weight, *bias = geglu->parts[0].bias;
    i2v_product_source source = {tile->x, weight + (int64_t)first * channels, channels, channels, channels};
    int status = i2v_product_sum(job->kernels, &source, 1, tile->rows, count, 0, tile->value, count);
    source.weight += (int64_t)hidden * channels;
    if (!status) status = i2v_product_sum(job->kernels, &source, 1, tile->rows, count, 0, tile->gate, count);
    for (int64_t r = 0; r < tile->rows && !status; r++) {
        job->kernels->geglu(tile->value + r * count, tile->gate + r * count, bias ? bias + first : NULL,
                            bias ? bias + hidden + first : NULL, count);
    }
    return status;
}

static int both_products(const feed_forward_job *job, const feed_forward_tile *tile) {
    const i2v_linear *output = job->args->output;
    int status = 0;
    for (int first = 0; first < output->in && !status; first += HIDDEN_BLOCK) {
        int count = (int)i2v_min(HIDDEN_BLOCK, output->in - first);
        status = hidden_block(job, tile, first, count);
        i2v_product_source source = {tile->value, output->parts[0].weight + first, count, output->in, count};
        if (!status) {
            status = i2v_product_sum(job->kernels, &source, 1, tile->rows, output->out, first > 0, tile->product,
                                     output->out);
        }
    }
    return status;
}

static void feed_forward_item(void *argument, int64_t item, int thread) {
    feed_forward_job *job = argument;
    const i2v_feed_forward_args *args = job->args;
    int64_t first_row = item * job->tiling.rows, channels = args->geglu->in, columns = args->output->out;
    feed_forward_tile tile = {.x = args->x + first_row * channels,
                              .value = job->value + thread * job->hidden_stride,
                              .gate = job->gate + thread * job->gate_stride,
                              .product = job->product + thread * job->product_stride,
                              .rows = (int)i2v_min(job->tiling.rows, args->rows - first_row)};
    if (args->norm) {
        float *normed = job->normed + thread * job->normed_stride;
        for (int64_t r = 0; r < tile.rows; r++) {
            job->kernels->layer_norm(args->norm, tile.x + r * channels, (int)channels, normed + r * channels);
        }
        tile.x = normed;
    }
    int status = both_products(job, &tile);
    i2v_product_note(&job->failure, status);
    for (int64_t r = 0; r < tile.rows && !status; r++) {
        job->kernels->epilogue(&args->epilogue, tile.product + r * columns, args->output->parts[0].bias,
                               (first_row + r) * columns, 0, (int)columns, args->out);
    }
}

size_t i2v_cpu_feed_forward_scratch(const i2v_kernels *kernels, const i2v_device *device,
                                    const i2v_feed_forward_args *args) {
    feed_forward_job job;
    return plan(&job, kernels, device, args, NULL);
}

i2v_status i2v_cpu_feed_forward(const i2v_kernels *kernels, const i2v_device *device, const i2v_feed_forward_args *args,
                                void *scratch, i2v_error *error) {
    feed_forward_job job;
    plan(&job, kernels, device, args, scratch);
    i2v_parallel(device->team, job.tiling.row_tiles, device->cancel, feed_forward_item, &job);
    return i2v_product_result(&job.failure, "feed-forward", error);
}
#else
typedef int i2v_feed_forward_is_left_out; /* a file is not empty */
#endif
