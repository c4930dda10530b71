/* Weights in panels of `panel` outputs: [panels][taps][in][panel], outputs beyond the last zero. A panel is what the
 * product's kernel reads from front to back; a convolution's row of taps is one long sum over it, since the pixels of a
 * channels-last row lie side by side. Pairs of bf16 are weights of four bytes, of half as many inputs. */
#include "backend/cpu/pack.h"

#include "backend/cpu/int8.h"
#include "backend/plain/source.h"
#include "backend/widen.h"
#include "base/parallel.h"

#include <string.h>

enum {
    PIECE = 128,    /* values of a row that are packed at a time, so that those of all rows stay in cache */
    MOST_ROWS = 32, /* of a panel, too; and bytes of a vector */
    VECTOR = 64,
    STRIP_BYTES =
        I2V_PACK_SCRATCH / MOST_ROWS /* of a row, that are read from a file at a time; PIECE values are fewer */
};

typedef struct pack_job {
    const i2v_kernels *kernels;
    const i2v_filter *filter;
    const i2v_source *source;
    char *scratch; /* [threads][MOST_ROWS][STRIP_BYTES] */
    char *packed;
    int folds, row, column; /* of a doubling convolution: weights are [out, in, 3, 3], see fold */
    int pairs;              /* weights are [out, in, 2], and what is moved are pairs of values */
    int joins;              /* values are moved one by one, to be joined to pairs */
    size_t unit;            /* bytes of what is moved: of a value, or a pair */
    i2v_pack_outcome outcome;
} pack_job;

/* ---- failures ---- */

void i2v_pack_expect(const i2v_source *source, uint64_t weights) {
    i2v_bytes_expect(&source->bytes, weights * i2v_element_size(source->element));
}

i2v_pack_failure i2v_pack_check(const i2v_source *source, const char *from, size_t stride, int64_t rows, size_t count) {
    if (!from) return I2V_PACK_NOT_READ;
    for (int64_t r = 0; r < rows; r++) {
        if (!i2v_source_is_finite(source, from + (size_t)r * stride, count)) return I2V_PACK_NOT_FINITE;
    }
    return I2V_PACKED;
}

int i2v_pack_has_failed(const i2v_pack_outcome *outcome) {
    return atomic_load_explicit(&outcome->failure, memory_order_relaxed) != I2V_PACKED;
}

i2v_pack_failure i2v_pack_note(i2v_pack_outcome *outcome, i2v_pack_failure failure) {
    if (failure) atomic_store_explicit(&outcome->failure, (int)failure, memory_order_relaxed);
    return failure;
}

i2v_status i2v_pack_status(const i2v_pack_outcome *outcome, const i2v_source *source, uint64_t weights,
                           i2v_error *error) {
    switch ((i2v_pack_failure)atomic_load(&outcome->failure)) {
    case I2V_PACK_NOT_READ:
        return i2v_bytes_fail(&source->bytes, error);
    case I2V_PACK_NOT_FINITE:
        return i2v_source_fail_value(source, weights, error);
    default:
        return I2V_OK;
    }
}

/* ---- layouts ---- */

/* Pairs of bf16 for products of pairs. With tile registers all such products are; else those of several taps may be
 * Winograd's, whose transforms need values. */
i2v_packing i2v_cpu_choose_packing(const i2v_device *device, i2v_element element, i2v_element input, int in, int taps) {
    const i2v_kernels *kernels = device->kernels;
    if (element == I2V_ELEMENT_INT8) return I2V_PACKING_BLOCKS_INT8;
    if ((taps == 1 || kernels->tile_rows > 0) && i2v_product_is_of_pairs(kernels, input, in, 0)) {
        return I2V_PACKING_PAIRS_BF16;
    }
    if (element == I2V_ELEMENT_F32) return I2V_PACKING_PANELS_F32;
    return element == I2V_ELEMENT_F16 ? I2V_PACKING_PANELS_F16 : I2V_PACKING_PANELS_BF16;
}

static size_t packed_bytes(const i2v_kernels *kernels, const i2v_filter *filter) {
    return (size_t)i2v_divide_up(filter->out, kernels->panel) * (size_t)kernels->panel * (size_t)filter->in *
           (size_t)filter->taps * i2v_element_size(i2v_packing_element(filter->packing));
}

size_t i2v_cpu_filter_size(const i2v_device *device, const i2v_filter *filter) {
    if (filter->packing == I2V_PACKING_BLOCKS_INT8) return i2v_int8_filter_size(device->kernels, filter);
    return packed_bytes(device->kernels, filter);
}

/* ---- rows of values, as they are packed, of rows of weights ---- */

static i2v_element packed_element(const pack_job *job) {
    return i2v_packing_element(job->filter->packing);
}

/* Of so many values, which are whole inputs where they are folded. */
static int64_t weights_of(const pack_job *job, int64_t values) {
    return job->folds ? values / 4 * 9 : job->pairs ? 2 * values : values;
}

/* The 2x2 kernels [inputs, 2, 2] of 3x3 kernels, for the outputs at (row, column) of each 2x2: tap k of 3 meets small
 * pixel (k + 1 - row) / 2 of the two. */
static void fold(const pack_job *job, const float *from, int inputs, float *folded) {
    for (int i = 0; i < inputs; i++, from += 9, folded += 4) {
        for (int k = 0; k < 4; k++) folded[k] = 0;
        for (int k = 0; k < 9; k++) {
            folded[(k / 3 + 1 - job->row) / 2 * 2 + (k % 3 + 1 - job->column) / 2] += from[k];
        }
    }
}

static void narrow(const pack_job *job, const float *from, int64_t count, void *out) {
    if (packed_element(job) != I2V_ELEMENT_F16) {
        job->kernels->narrow(packed_element(job), from, count, out);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, from + i, sizeof bits);
        ((uint16_t *)out)[i] = i2v_narrow_f16(bits);
    }
}

/* `count` values of a row whose weights start at `from`, at any address. The row's next ones are fetched: rows are
 * many, and short, for the processor to foresee. */
static void convert(const pack_job *job, const char *from, int count, void *out) {
    float weights[3 * PIECE], widened[3 * PIECE], folded[PIECE];
    int64_t weights_count = weights_of(job, count);
    size_t bytes = (size_t)weights_count * i2v_element_size(job->source->element);
    for (size_t ahead = bytes; ahead < 2 * bytes; ahead += 64) __builtin_prefetch(from + ahead);
    memcpy(weights, from, bytes);
    if (job->source->element == packed_element(job) && !job->folds) {
        memcpy(out, weights, bytes);
        return;
    }
    if (i2v_element_size(job->source->element) == 1) {
        i2v_widen_bytes(job->source->element, job->source->scale, weights, weights_count, widened);
    } else {
        job->kernels->widen(job->source->element, weights, weights_count, widened);
    }
    if (job->folds) fold(job, widened, count / 4, folded);
    narrow(job, job->folds ? folded : widened, job->folds ? count : weights_count, out);
}

/* ---- rows to columns of a panel ---- */

/* Steps through values as a row has them, and says which column of a panel each goes to. */
typedef struct {
    int64_t taps, in;
    int64_t input, tap;
} column_place;

static inline int64_t next_column(column_place *place) {
    int64_t column = place->tap * place->in + place->input;
    if (++place->tap == place->taps) {
        place->tap = 0;
        place->input++;
    }
    return column;
}

/* As many rows as a vector has values. */
static int vector_rows(const pack_job *job) {
    return (int)((size_t)job->kernels->panel * sizeof(float) / 2 / job->unit);
}

/* Weights in memory: of value `begin` of row `first`, and the bytes from a row to the next. */
typedef struct {
    const char *from;
    size_t stride;
    int64_t first, begin;
} pack_strip;

/* The weights of values begin..end of so many rows, in place or read into the thread's scratch; strip->from is NULL if
 * they cannot be read. */
static void read_strip(const pack_job *job, int64_t first, int64_t rows, int64_t begin, int64_t end, int thread,
                       pack_strip *strip) {
    const i2v_bytes *source = &job->source->bytes;
    size_t weight = i2v_element_size(job->source->element), bytes = (size_t)weights_of(job, end - begin) * weight;
    size_t row = (size_t)weights_of(job, (int64_t)job->filter->in * job->filter->taps) * weight;
    uint64_t place = (uint64_t)first * row + (uint64_t)weights_of(job, begin) * weight;
    char *buffer = source->file ? job->scratch + (size_t)thread * MOST_ROWS * STRIP_BYTES : NULL;
    *strip = (pack_strip){buffer, bytes, first, begin};
    if (!source->file) {
        strip->from = (const char *)source->data + place;
        strip->stride = row;
        return;
    }
    int64_t reads = bytes == row ? 1 : rows;
    size_t each = bytes == row ? (size_t)rows * row : bytes;
    for (int64_t done = 0; strip->from && done < reads; done++) {
        char *to = buffer + (size_t)done * bytes;
        if (!i2v_bytes_read(source, place + (uint64_t)done * row, each, to)) strip->from = NULL;
    }
}

/* The strip's weights, which packing reads next, so that they are in cache. Doubling convolutions pack all of theirs
 * four times, and check them once. */
static i2v_pack_failure check_strip(const pack_job *job, const pack_strip *strip, int64_t rows, int64_t end) {
    int64_t checked = job->row || job->column ? 0 : rows;
    size_t count = (size_t)weights_of(job, end - strip->begin);
    return i2v_pack_check(job->source, strip->from, strip->stride, checked, count);
}

/* Values of a row in a strip: as many pieces as a file is read at a time. */
static int64_t strip_values(const pack_job *job) {
    size_t bytes = (size_t)weights_of(job, PIECE) * i2v_element_size(job->source->element);
    return (int64_t)(STRIP_BYTES / bytes) * PIECE;
}

/* Values begin..end of the strip's rows first..first + n, where n make a vector, to `to`, the place of the first of
 * them in [taps][in][panel]. Rows beyond the last are zero. */
static void pack_rows(const pack_job *job, const pack_strip *strip, int64_t first, int64_t begin, int64_t end,
                      char *to) {
    const i2v_filter *filter = job->filter;
    int64_t count = end - begin;
    size_t size = job->unit, weight = i2v_element_size(job->source->element);
    int n = vector_rows(job), rows = first < filter->out ? (int)i2v_min(n, filter->out - first) : 0;
    size_t stride = strip->stride;
    const char *from =
        strip->from + (size_t)(first - strip->first) * stride + (size_t)weights_of(job, begin - strip->begin) * weight;
    char converted[MOST_ROWS * PIECE * 2], unused[VECTOR], *columns[MOST_ROWS];
    if (job->folds || packed_element(job) != job->source->element || rows < n || count % n) {
        size_t row_size = PIECE * size;
        if (rows < n || count % n) memset(converted, 0, sizeof converted);
        for (int r = 0; r < rows; r++) convert(job, from + (size_t)r * stride, (int)count, converted + r * row_size);
        from = converted;
        stride = row_size;
    }
    column_place place = {.taps = filter->taps, .in = filter->in, .input = begin / filter->taps};
    place.tap = begin % filter->taps;
    for (int64_t i = 0; i < count; i += n, from += (size_t)n * size) {
        for (int c = 0; c < n; c++) {
            columns[c] = i + c < count ? to + (size_t)(next_column(&place) * job->kernels->panel) * size : unused;
        }
        job->kernels->transpose(size, from, stride, columns);
    }
}

static void pack_strip_of_panel(const pack_job *job, const pack_strip *strip, int64_t end, char *to) {
    for (int64_t begin = strip->begin; begin < end; begin += PIECE) {
        for (int64_t row = 0; row < job->kernels->panel; row += vector_rows(job)) {
            pack_rows(job, strip, strip->first + row, begin, i2v_min(begin + PIECE, end), to + (size_t)row * job->unit);
        }
    }
}

static void pack_panel(void *argument, int64_t item, int thread) {
    pack_job *job = argument;
    int64_t panel = job->kernels->panel, values = (int64_t)job->filter->in * job->filter->taps;
    int64_t first = item * panel, rows = i2v_min(panel, job->filter->out - first), step = strip_values(job);
    char *to = job->packed + (size_t)(first * values) * job->unit;
    if (i2v_pack_has_failed(&job->outcome)) return;
    for (int64_t begin = 0; begin < values; begin += step) {
        int64_t end = i2v_min(begin + step, values);
        pack_strip strip;
        read_strip(job, first, rows, begin, end, thread, &strip);
        if (i2v_pack_note(&job->outcome, check_strip(job, &strip, rows, end))) return;
        pack_strip_of_panel(job, &strip, end, to);
    }
    if (job->joins) job->kernels->pair_panel(I2V_ELEMENT_BF16, to, values, (float *)(void *)to);
}

size_t i2v_cpu_pack_scratch(const i2v_device *device) {
    return (size_t)i2v_team_size(device->team) * I2V_PACK_SCRATCH;
}

static i2v_status run_pack(const i2v_device *device, pack_job *job, i2v_error *error) {
    i2v_filter packed = *job->filter;
    job->unit = i2v_element_size(packed_element(job));
    if (packed.packing == I2V_PACKING_PAIRS_BF16) {
        job->pairs = packed.taps == 1; /* else the file has an input's taps beside each other */
        job->joins = !job->pairs;
    }
    if (job->pairs) {
        packed.in /= 2;
        job->unit *= 2;
        job->filter = &packed;
    }
    i2v_parallel(device->team, i2v_divide_up(packed.out, job->kernels->panel), NULL, pack_panel, job);
    int64_t weights = weights_of(job, (int64_t)packed.out * packed.in * packed.taps);
    return i2v_pack_status(&job->outcome, job->source, (uint64_t)weights, error);
}

i2v_status i2v_cpu_filter_pack(const i2v_device *device, const i2v_filter *filter, const i2v_source *source,
                               void *scratch, void *packed, i2v_error *error) {
    const i2v_kernels *kernels = device->kernels;
    pack_job job = {.kernels = kernels, .filter = filter, .source = source, .scratch = scratch, .packed = packed};
    if (filter->packing == I2V_PACKING_BLOCKS_INT8) {
        return i2v_int8_filter_pack(device, filter, source, scratch, packed, error);
    }
    i2v_pack_expect(source, (uint64_t)filter->out * (uint64_t)filter->in * (uint64_t)filter->taps);
    return run_pack(device, &job, error);
}

/* ---- convolutions ---- */

i2v_filter i2v_cpu_conv_filter(const i2v_kernels *kernels, const i2v_conv *conv, int phase) {
    i2v_filter filter = {.in = conv->in,
                         .out = conv->out,
                         .taps = i2v_conv_taps(conv),
                         .element = conv->element,
                         .input = conv->input,
                         .packing = conv->packing};
    size_t size = (packed_bytes(kernels, &filter) + 63) / 64 * 64;
    if (conv->packed) filter.packed = (const char *)conv->packed + (size_t)phase * size;
    return filter;
}

size_t i2v_cpu_conv_size(const i2v_device *device, const i2v_conv *conv) {
    const i2v_kernels *kernels = device->kernels;
    i2v_filter filter = i2v_cpu_conv_filter(kernels, conv, 0);
    size_t size = (packed_bytes(kernels, &filter) + 63) / 64 * 64;
    return size * (conv->doubles ? 4 : 1);
}

i2v_status i2v_cpu_conv_pack(const i2v_device *device, const i2v_conv *conv, const i2v_source *source, void *scratch,
                             void *packed, i2v_error *error) {
    const i2v_kernels *kernels = device->kernels;
    if (!conv->doubles) {
        i2v_filter filter = i2v_cpu_conv_filter(kernels, conv, 0);
        return i2v_cpu_filter_pack(device, &filter, source, scratch, packed, error);
    }
    i2v_conv into = *conv;
    into.packed = packed;
    i2v_pack_expect(source, (uint64_t)conv->out * (uint64_t)conv->in * 9);
    i2v_status status = I2V_OK;
    for (int phase = 0; !status && phase < 4; phase++) {
        i2v_filter filter = i2v_cpu_conv_filter(kernels, &into, phase);
        pack_job job = {.kernels = kernels,
                        .filter = &filter,
                        .source = source,
                        .scratch = scratch,
                        .packed = (void *)filter.packed,
                        .folds = 1,
                        .row = phase / 2,
                        .column = phase % 2};
        status = run_pack(device, &job, error);
    }
    return status;
}
