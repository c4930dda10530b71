/* Attention without a matrix of all scores: a block of queries meets the keys block by block, and what it has summed
 * up is rescaled as larger scores appear (online softmax). Keys and values are packed into panels first: for as many
 * units (a unit is one head of one sequence) as fit in a bounded scratch, or, where sequences are short and many, for
 * one unit at a time by the thread that needs it. Scores are in powers of two, so that the softmax needs 2^x only. */
#include "backend/cpu/product.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

#define QUERY_BLOCK 192 /* a multiple of every step_rows and tile_rows */
#define KEY_BLOCK 512
#define PACKED_LIMIT ((int64_t)8 * 1024 * 1024) /* floats */
#define SHORT_TOKENS 64
#define SHORT_SEQUENCES 8 /* an item's */

typedef struct attention_job {
    const i2v_kernels *kernels;
    const i2v_attention_args *args;
    int of_pairs;  /* see i2v_product */
    int per_float; /* values in the place of a float: 2 in pairs, else 1 */
    int query_rows, key_rows;
    int64_t scores_row; /* floats from row to row of scores */
    int64_t query_blocks, key_blocks, units;
    int depth_panels;
    int64_t key_floats, value_floats; /* packed, of a key block */
    int64_t group, first;             /* units packed at a time, and the first of them */
    float *packed;                    /* of the group; or per thread, of one unit */
    int64_t packed_stride;
    float *rows;    /* per thread: a panel of keys or values, or a query, as f32 */
    float *columns; /* per thread, for pairs: panels of the columns of rows */
    int64_t rows_stride, columns_stride;
    float factor;                     /* of scores, to make them powers of two */
    float *queries, *scores, *output; /* per thread */
    i2v_softmax *softmax;
    int64_t queries_stride, scores_stride, output_stride;
} attention_job;

static int is_short(const i2v_attention_args *args) {
    return args->tokens <= SHORT_TOKENS;
}

static void plan_blocks(attention_job *job) {
    const i2v_attention_args *args = job->args;
    const i2v_kernels *kernels = job->kernels;
    job->of_pairs = args->token_stride % 2 == 0 && i2v_product_is_of_pairs(kernels, args->element, args->head_dim, 0);
    job->per_float = job->of_pairs ? 2 : 1;
    job->factor = (float)(args->scale * 1.4426950408889634); /* log2 e */
    job->units = args->outer * args->inner * args->heads;
    int by_tiles = i2v_product_is_by_tiles(kernels, job->of_pairs);
    int step = by_tiles ? kernels->tile_rows : kernels->step_rows;
    job->query_rows = (int)i2v_round_up(i2v_even_tile(args->tokens, QUERY_BLOCK), step);
    job->query_blocks = i2v_divide_up(args->tokens, job->query_rows);
    job->key_rows = (int)i2v_round_up(i2v_even_tile(args->tokens, KEY_BLOCK), kernels->panel);
    job->scores_row = i2v_spread_rows(job->key_rows);
    job->key_blocks = i2v_divide_up(args->tokens, job->key_rows);
    job->depth_panels = (int)i2v_divide_up(args->head_dim, kernels->panel);
    job->key_floats = (int64_t)job->key_rows * args->head_dim / job->per_float;
    job->value_floats = (int64_t)job->key_rows * job->depth_panels * kernels->panel / job->per_float;
    job->packed_stride = i2v_round_up(job->key_blocks * (job->key_floats + job->value_floats), 16);
    job->group = PACKED_LIMIT / job->packed_stride;
    if (job->group < 1) job->group = 1;
    if (job->group > job->units) job->group = job->units;
}

static size_t plan(attention_job *job, const i2v_device *device, const i2v_attention_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    int threads = i2v_team_size(device->team);
    *job = (attention_job){.kernels = kernels, .args = args};
    plan_blocks(job);
    int64_t rows = job->query_rows;
    job->packed = i2v_scratch_floats(&scratch, job->packed_stride * (is_short(args) ? threads : job->group));
    job->rows = i2v_scratch_per_thread(&scratch, threads, (int64_t)kernels->panel * args->head_dim, &job->rows_stride);
    int64_t columns = job->of_pairs ? (int64_t)job->depth_panels * kernels->panel * kernels->panel : 0;
    job->columns = i2v_scratch_per_thread(&scratch, threads, columns, &job->columns_stride);
    job->queries = i2v_scratch_per_thread(&scratch, threads, rows * args->head_dim, &job->queries_stride);
    job->scores = i2v_scratch_per_thread(&scratch, threads, rows * job->scores_row, &job->scores_stride);
    job->output =
        i2v_scratch_per_thread(&scratch, threads, rows * job->depth_panels * kernels->panel, &job->output_stride);
    job->softmax = i2v_scratch_take(&scratch, (size_t)(threads * rows) * sizeof(i2v_softmax));
    return scratch.used;
}

/* Where the unit's first token begins. */
static int64_t unit_offset(const i2v_attention_args *args, int64_t unit, int64_t outer_stride, int64_t inner_stride) {
    int64_t sequence = unit / args->heads, head = unit % args->heads;
    return sequence / args->inner * outer_stride + sequence % args->inner * inner_stride + head * args->head_dim;
}

/* Rows of x, which start at value `start` and lie token_stride apart, as f32: where they lie, or widened into the
 * thread's own. */
static const float *rows_of(const attention_job *job, const void *x, int64_t start, int rows, int thread,
                            int64_t *stride) {
    const i2v_attention_args *args = job->args;
    *stride = args->token_stride;
    if (args->element == I2V_ELEMENT_F32) return (const float *)x + start;
    float *widened = job->rows + thread * job->rows_stride;
    *stride = args->head_dim;
    for (int64_t r = 0; r < rows; r++) {
        job->kernels->widen(args->element, (const uint16_t *)x + start + r * args->token_stride, args->head_dim,
                            widened + r * args->head_dim);
    }
    return widened;
}

/* A panel of up to `panel` keys, transposed. */
static void pack_keys(const attention_job *job, int64_t start, int count, int thread, float *out) {
    const i2v_attention_args *args = job->args;
    if (job->of_pairs) { /* as they lie */
        const float *pairs = (const float *)args->k + start / 2;
        job->kernels->pack_transposed(pairs, args->token_stride / 2, count, args->head_dim / 2, out);
        return;
    }
    int64_t stride;
    const float *rows = rows_of(job, args->k, start, count, thread, &stride);
    job->kernels->pack_transposed(rows, stride, count, args->head_dim, out);
}

/* The values of as many keys: rows of panels of columns. */
static void pack_values(const attention_job *job, int64_t start, int count, int thread, float *out) {
    const i2v_attention_args *args = job->args;
    const i2v_kernels *kernels = job->kernels;
    int64_t stride, panel = kernels->panel, panel_floats = job->key_rows * panel / job->per_float;
    const float *rows = rows_of(job, args->v, start, count, thread, &stride);
    if (!job->of_pairs) {
        kernels->pack_columns(rows, stride, count, args->head_dim, job->key_rows, out);
        return;
    }
    float *columns = job->columns + thread * job->columns_stride;
    if (count < panel) memset(columns, 0, (size_t)(job->depth_panels * panel * panel) * sizeof *columns);
    kernels->pack_columns(rows, stride, count, args->head_dim, panel, columns);
    for (int64_t p = 0; p < job->depth_panels; p++) {
        kernels->pair_panel(I2V_ELEMENT_F32, columns + p * panel * panel, panel, out + p * panel_floats);
    }
}

/* packed: [key blocks][keys, values]. */
static void pack(const attention_job *job, int64_t unit, int64_t block, float *packed, int thread) {
    const i2v_attention_args *args = job->args;
    int64_t start =
        unit_offset(args, unit, args->outer_stride, args->inner_stride) + block * job->key_rows * args->token_stride;
    int keys = (int)i2v_min(job->key_rows, args->tokens - block * job->key_rows), panel = job->kernels->panel;
    float *to = packed + block * (job->key_floats + job->value_floats), *values = to + job->key_floats;
    for (int key = 0; key < keys; key += panel) {
        int count = (int)i2v_min(panel, keys - key);
        int64_t at = start + key * args->token_stride;
        pack_keys(job, at, count, thread, to + (int64_t)key * args->head_dim / job->per_float);
        pack_values(job, at, count, thread, values + (int64_t)key * panel / job->per_float);
    }
}

/* A block of queries with what belongs to it. */
typedef struct query_block {
    float *queries, *scores, *output;
    i2v_softmax *softmax;
    int rows;
} query_block;

/* Times what makes scores powers of two; but pairs stay the bf16 that they are, and the softmax multiplies. */
static void load_query(const attention_job *job, int64_t start, int thread, float *out) {
    const i2v_attention_args *args = job->args;
    if (job->of_pairs) {
        memcpy(out, (const uint16_t *)args->q + start, (size_t)args->head_dim * sizeof(uint16_t));
        return;
    }
    int64_t stride;
    job->kernels->scale(rows_of(job, args->q, start, 1, thread, &stride), args->head_dim, job->factor, out);
}

static query_block load_queries(const attention_job *job, int64_t unit, int64_t block, int thread) {
    const i2v_attention_args *args = job->args;
    int64_t first = block * job->query_rows, depth = args->head_dim;
    query_block q = {.queries = job->queries + thread * job->queries_stride,
                     .scores = job->scores + thread * job->scores_stride,
                     .output = job->output + thread * job->output_stride,
                     .softmax = job->softmax + (int64_t)thread * job->query_rows,
                     .rows = (int)i2v_min(job->query_rows, args->tokens - first)};
    int64_t start = unit_offset(args, unit, args->outer_stride, args->inner_stride);
    for (int64_t r = 0; r < q.rows; r++) {
        load_query(job, start + (first + r) * args->token_stride, thread, q.queries + r * depth / job->per_float);
        q.softmax[r] = (i2v_softmax){-INFINITY, 0};
    }
    memset(q.output, 0, (size_t)(q.rows * job->depth_panels * job->kernels->panel) * sizeof(float));
    return q;
}

/* Adds a block of keys and values to the block of queries. */
static void meet_keys(const attention_job *job, const query_block *q, int keys, const float *packed) {
    const i2v_kernels *kernels = job->kernels;
    int depth = job->args->head_dim, padded = (int)i2v_round_up(keys, kernels->panel), per_float = job->per_float;
    int64_t columns = (int64_t)job->depth_panels * kernels->panel;
    i2v_panel_product scores = {.rows = q->rows,
                                .depth = depth / per_float,
                                .a = q->queries,
                                .a_stride = depth / per_float,
                                .panels = packed,
                                .panel_stride = (int64_t)depth / per_float * kernels->panel,
                                .panel_count = padded / kernels->panel,
                                .c = q->scores,
                                .c_stride = job->scores_row};
    i2v_product_multiply(kernels, job->of_pairs, &scores);
    for (int64_t r = 0; r < q->rows; r++) {
        float *row = q->scores + r * job->scores_row;
        kernels->softmax(&q->softmax[r], job->of_pairs ? job->factor : 1, row, keys, padded,
                         i2v_product_element(job->of_pairs), q->output + r * columns, (int)columns);
    }
    i2v_panel_product output = {.rows = q->rows,
                                .depth = i2v_divide_up(keys, per_float),
                                .a = q->scores,
                                .a_stride = job->scores_row,
                                .panels = packed + job->key_floats,
                                .panel_stride = (int64_t)job->key_rows / per_float * kernels->panel,
                                .panel_count = job->depth_panels,
                                .c = q->output,
                                .c_stride = columns,
                                .accumulate = 1};
    i2v_product_multiply(kernels, job->of_pairs, &output);
}

static void attend(const attention_job *job, int64_t unit, int64_t block, const float *packed, int thread) {
    const i2v_attention_args *args = job->args;
    query_block q = load_queries(job, unit, block, thread);
    int64_t columns = (int64_t)job->depth_panels * job->kernels->panel;
    for (int64_t b = 0; b < job->key_blocks; b++) {
        int keys = (int)i2v_min(job->key_rows, args->tokens - b * job->key_rows);
        meet_keys(job, &q, keys, packed + b * (job->key_floats + job->value_floats));
    }
    int64_t start = unit_offset(args, unit, args->out_outer_stride, args->out_inner_stride) +
                    block * job->query_rows * args->out_token_stride;
    for (int64_t r = 0; r < q.rows; r++) {
        float *row = q.output + r * columns;
        size_t at = (size_t)(start + r * args->out_token_stride) * i2v_element_size(args->element);
        job->kernels->scale(row, args->head_dim, (float)(1 / q.softmax[r].sum), row);
        job->kernels->narrow(args->element, row, args->head_dim, (char *)args->out + at);
    }
}

static void pack_item(void *argument, int64_t item, int thread) {
    const attention_job *job = argument;
    int64_t unit = item / job->key_blocks;
    pack(job, job->first + unit, item % job->key_blocks, job->packed + unit * job->packed_stride, thread);
}

static void attend_item(void *argument, int64_t item, int thread) {
    const attention_job *job = argument;
    int64_t unit = item / job->query_blocks;
    attend(job, job->first + unit, item % job->query_blocks, job->packed + unit * job->packed_stride, thread);
}

static void short_item(void *argument, int64_t item, int thread) {
    const attention_job *job = argument;
    int64_t size = (int64_t)SHORT_SEQUENCES * job->args->heads, end = i2v_min((item + 1) * size, job->units);
    float *packed = job->packed + thread * job->packed_stride;
    for (int64_t unit = item * size; unit < end; unit++) {
        pack(job, unit, 0, packed, thread);
        for (int64_t block = 0; block < job->query_blocks; block++) attend(job, unit, block, packed, thread);
    }
}

size_t i2v_cpu_attention_scratch(const i2v_device *device, const i2v_attention_args *args) {
    attention_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_attention(const i2v_device *device, const i2v_attention_args *args, void *scratch,
                             i2v_error *error) {
    attention_job job;
    plan(&job, device, args, scratch);
    if (is_short(args)) {
        int64_t items = i2v_divide_up(args->outer * args->inner, SHORT_SEQUENCES);
        i2v_parallel(device->team, items, device->cancel, short_item, &job);
        return I2V_OK;
    }
    for (job.first = 0; job.first < job.units; job.first += job.group) {
        int64_t units = i2v_min(job.group, job.units - job.first);
        i2v_parallel(device->team, units * job.key_blocks, device->cancel, pack_item, &job);
        i2v_parallel(device->team, units * job.query_blocks, device->cancel, attend_item, &job);
    }
    return I2V_OK;
}
