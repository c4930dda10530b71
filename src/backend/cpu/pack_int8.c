/* Weights as int8 (kernels_int8.h): [panels][blocks of inputs], a row of weights at a time. */
#include "backend/cpu/int8.h"
#include "backend/cpu/pack.h"

#include "backend/widen.h"
#include "base/parallel.h"

#include <string.h>

typedef struct pack_job {
    const i2v_kernels *kernels;
    const i2v_filter *filter;
    const i2v_source *source;
    char *scratch; /* [threads][I2V_PACK_SCRATCH] */
    char *packed;
    i2v_pack_outcome outcome;
} pack_job;

static size_t panel_bytes(const i2v_kernels *kernels, int in) {
    int width = kernels->panel, whole = in / I2V_INT8_BLOCK, rest = in % I2V_INT8_BLOCK;
    return (size_t)whole * i2v_int8_block_bytes(I2V_INT8_BLOCK, width) + (rest ? i2v_int8_block_bytes(rest, width) : 0);
}

const char *i2v_int8_block_at(const i2v_kernels *kernels, const i2v_filter *filter, int64_t column, int64_t input) {
    return (const char *)filter->packed + (size_t)(column / kernels->panel) * panel_bytes(kernels, filter->in) +
           (size_t)(input / I2V_INT8_BLOCK) * i2v_int8_block_bytes(I2V_INT8_BLOCK, kernels->panel);
}

size_t i2v_int8_filter_size(const i2v_kernels *kernels, const i2v_filter *filter) {
    return (size_t)i2v_divide_up(filter->out, kernels->panel) * panel_bytes(kernels, filter->in);
}

/* Values of some rows, from `begin` to `end` of each. */
typedef struct pack_strip {
    const char *from; /* of the first row */
    size_t stride;    /* bytes from row to row */
    int64_t row, rows, begin, end;
} pack_strip;

/* Sets strip->from, in memory or read into the thread's scratch, and checks it. */
static i2v_pack_failure read_strip(const pack_job *job, int thread, pack_strip *strip) {
    const i2v_source *source = job->source;
    size_t size = i2v_element_size(source->element), row = (size_t)job->filter->in * size;
    char *buffer = source->bytes.file ? job->scratch + (size_t)thread * I2V_PACK_SCRATCH : NULL;
    uint64_t first = (uint64_t)strip->row * row + (uint64_t)strip->begin * size;
    strip->stride = row;
    strip->from = i2v_bytes_read(&source->bytes, first, /* of several rows, all is read */
                                 (size_t)(strip->rows - 1) * row + (size_t)(strip->end - strip->begin) * size, buffer);
    return i2v_pack_check(source, strip->from, row, strip->rows, (size_t)(strip->end - strip->begin));
}

/* `count` values, at any address, as f32. */
static void widen(const pack_job *job, const char *from, int count, float *out) {
    const i2v_source *source = job->source;
    float aligned[I2V_INT8_BLOCK];
    if (i2v_element_size(source->element) == 1) {
        i2v_widen_bytes(source->element, source->scale, from, count, out);
        return;
    }
    memcpy(aligned, from, (size_t)count * i2v_element_size(source->element));
    job->kernels->widen(source->element, aligned, count, out);
}

/* Column `column` of the block at `block`, of weights at `from`. */
static void pack_column(const pack_job *job, const char *from, int inputs, int column, char *block) {
    const i2v_int8_kernels *kernels = job->kernels->int8;
    size_t panel = (size_t)kernels->panel, group = (size_t)kernels->group;
    size_t values_size = i2v_int8_block_values(inputs, kernels->panel);
    float values[I2V_INT8_BLOCK], *scales = (float *)(void *)(block + values_size);
    int8_t rounded[I2V_INT8_BLOCK];
    widen(job, from, inputs, values);
    scales[column] = kernels->quantize_weights(values, inputs, rounded);
    char *to = block + (size_t)column * group;
    for (size_t i = 0; i * panel < values_size; i += group) memcpy(to + i * panel, rounded + i, group);
}

static void pack_columns(const pack_job *job, const pack_strip *strip) {
    int width = job->kernels->panel;
    size_t size = i2v_element_size(job->source->element), panel = panel_bytes(job->kernels, job->filter->in);
    for (int64_t begin = strip->begin; begin < strip->end; begin += I2V_INT8_BLOCK) {
        int inputs = (int)i2v_min(I2V_INT8_BLOCK, strip->end - begin);
        size_t block = (size_t)(begin / I2V_INT8_BLOCK) * i2v_int8_block_bytes(I2V_INT8_BLOCK, width);
        for (int64_t r = 0; r < strip->rows; r++) {
            const char *from = strip->from + (size_t)r * strip->stride + (size_t)(begin - strip->begin) * size;
            int64_t row = strip->row + r;
            pack_column(job, from, inputs, (int)(row % width), job->packed + (size_t)(row / width) * panel + block);
        }
    }
}

/* In strips of as many whole rows as scratch holds, or of a piece of one. */
static void pack_panel(void *argument, int64_t item, int thread) {
    pack_job *job = argument;
    const i2v_filter *filter = job->filter;
    int64_t width = job->kernels->panel, end = i2v_min((item + 1) * width, filter->out);
    int64_t room = I2V_PACK_SCRATCH / (int64_t)i2v_element_size(job->source->element);
    int64_t rows = room / filter->in, piece = rows ? filter->in : room / I2V_INT8_BLOCK * I2V_INT8_BLOCK;
    size_t panel = panel_bytes(job->kernels, filter->in);
    if (end < (item + 1) * width) memset(job->packed + (size_t)item * panel, 0, panel);
    if (!rows) rows = 1;
    for (int64_t row = item * width; row < end; row += rows) {
        for (int64_t begin = 0; begin < filter->in; begin += piece) {
            pack_strip strip = {.row = row, .rows = i2v_min(rows, end - row), .begin = begin};
            strip.end = i2v_min(begin + piece, filter->in);
            if (i2v_pack_has_failed(&job->outcome)) return;
            if (i2v_pack_note(&job->outcome, read_strip(job, thread, &strip))) return;
            pack_columns(job, &strip);
        }
    }
}

i2v_status i2v_int8_filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                                void *scratch, void *packed, i2v_error *error) {
    pack_job job = {
        .kernels = device->kernels, .filter = filter, .source = source, .scratch = scratch, .packed = packed};
    uint64_t weights = (uint64_t)filter->out * (uint64_t)filter->in;
    i2v_pack_expect(source, weights);
    i2v_parallel(device->team, i2v_divide_up(filter->out, device->kernels->panel), NULL, pack_panel, &job);
    return i2v_pack_status(&job.outcome, source, weights, error);
}
