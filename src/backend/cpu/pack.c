/* Weights in panels of `panel` outputs: [panels][taps][in][panel], outputs beyond the last zero. A panel is what the
 * product's kernel reads from front to back; a convolution's row of taps is one long sum over it, since the pixels of a
 * channels-last row lie side by side. Pairs of bf16 are weights of four bytes, of half as many inputs. */
#include "backend/cpu/product.h"
#include "backend/widen.h"

#include "base/parallel.h"

#include <string.h>

#define INPUTS_TOGETHER 256 /* of each output, so that what is written stays in cache */

typedef struct pack_job {
    const i2v_kernels *kernels;
    const i2v_filter *filter;
    int panel;
    i2v_element element;
    const char *weights;
    char *packed;
    int folds, row, column; /* of a doubling convolution: weights are [out, in, 3, 3], see fold */
    int pairs;              /* weights are [out, in, 2], see narrow_pairs */
} pack_job;

size_t i2v_cpu_filter_size(const i2v_kernels *kernels, const i2v_filter *filter) {
    i2v_element element = i2v_filter_is_of_pairs(kernels, filter) ? I2V_ELEMENT_BF16 : filter->element;
    return (size_t)i2v_tiles(filter->out, kernels->panel) * (size_t)kernels->panel * (size_t)filter->in *
           (size_t)filter->taps * i2v_element_size(element);
}

static void store_bits(i2v_element element, uint32_t bits, char *to) {
    if (element == I2V_ELEMENT_F32) {
        memcpy(to, &bits, sizeof bits);
        return;
    }
    uint16_t half = element == I2V_ELEMENT_F16 ? i2v_narrow_f16(bits) : i2v_narrow_bf16(bits);
    memcpy(to, &half, sizeof half);
}

/* ---- weights of some outputs and inputs, in rows, to columns of a panel ---- */

/* As many rows as a vector has elements: a block of as many weights of each is transposed in registers. */
enum { VECTOR = 16, MOST_ROWS = VECTOR / 2 };
/* Bytes of a row between what is read and what is fetched: rows are many, and short, for the processor to foresee. */
enum { AHEAD = 256 };
typedef uint16_t halves __attribute__((vector_size(VECTOR)));

/* Elements of `size` bytes of a and b in turn, of their first or their second halves. */
static inline halves interleave(halves a, halves b, size_t size, int second) {
    if (size == 2) {
        return second ? __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
                      : __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    }
    return second ? __builtin_shufflevector(a, b, 4, 5, 12, 13, 6, 7, 14, 15)
                  : __builtin_shufflevector(a, b, 0, 1, 8, 9, 2, 3, 10, 11);
}

/* n rows of n elements become columns where rows i and i + n / 2 are interleaved log2 n times. */
static inline void transpose(halves *rows, int n, size_t size) {
    halves mixed[MOST_ROWS];
    for (int step = 1; step < n; step *= 2) {
        for (int i = 0; i < n / 2; i++) {
            mixed[2 * i] = interleave(rows[i], rows[i + n / 2], size, 0);
            mixed[2 * i + 1] = interleave(rows[i], rows[i + n / 2], size, 1);
        }
        memcpy(rows, mixed, (size_t)n * sizeof *rows);
    }
}

/* Rows of weights, [inputs, taps] each, stride bytes apart. */
typedef struct {
    const char *first;
    size_t stride;
    int count;
    i2v_element element;
} weight_rows;

static inline void move_one(const weight_rows *from, int row, int64_t i, i2v_element is, char *to) {
    store_bits(is,
               i2v_widen(from->element,
                         from->first + (size_t)row * from->stride + (size_t)i * i2v_element_size(from->element)),
               to);
}

/* A vector of weights i, i + 1 ... of one row. */
static inline halves load_vector(const weight_rows *from, int row, int64_t i, i2v_element is, size_t size) {
    halves vector;
    if (from->element == is) {
        const char *at = from->first + (size_t)row * from->stride + (size_t)i * size;
        __builtin_prefetch(at + AHEAD);
        memcpy(&vector, at, sizeof vector);
    } else {
        for (int k = 0; k < (int)(VECTOR / size); k++)
            move_one(from, row, i + k, is, (char *)&vector + (size_t)k * size);
    }
    return vector;
}

/* Steps through weights as a row has them, and says which column of a panel each goes to. */
typedef struct {
    int64_t taps, in, panel;
    int64_t input, tap;
} column_place;

static inline size_t next_column(column_place *place) {
    int64_t column = place->tap * place->in + place->input;
    if (++place->tap == place->taps) {
        place->tap = 0;
        place->input++;
    }
    return (size_t)(column * place->panel);
}

/* The rows' weights of inputs begin..end, which start at from->first, to to[taps][in][panel]; size, which the compiler
 * knows, is that of the filter's element. */
static inline void move_rows(const pack_job *job, const weight_rows *from, int begin, int end, size_t size, char *to) {
    const i2v_filter *filter = job->filter;
    column_place place = {.taps = filter->taps, .in = filter->in, .panel = job->panel, .input = begin};
    int64_t count = (int64_t)(end - begin) * filter->taps, i = 0;
    int n = (int)(VECTOR / size);
    for (; from->count == n && i + n <= count; i += n) {
        halves block[MOST_ROWS];
        for (int r = 0; r < n; r++) block[r] = load_vector(from, r, i, filter->element, size);
        transpose(block, n, size);
        for (int c = 0; c < n; c++) memcpy(to + next_column(&place) * size, &block[c], sizeof block[c]);
    }
    for (; i < count; i++) {
        char *column = to + next_column(&place) * size;
        for (int r = 0; r < from->count; r++) move_one(from, r, i, filter->element, column + (size_t)r * size);
    }
}

/* The 2x2 kernels [count, 2, 2] of `count` inputs' 3x3 kernels, for the outputs at (row, column) of each 2x2: tap k of
 * 3 meets small pixel (k + 1 - row) / 2 of the two. */
static void fold(const pack_job *job, const char *from, int count, float *folded) {
    size_t size = i2v_element_size(job->element);
    for (int i = 0; i < count; i++, from += 9 * size, folded += 4) {
        for (int k = 0; k < 4; k++) folded[k] = 0;
        for (int k = 0; k < 9; k++) {
            uint32_t bits = i2v_widen(job->element, from + (size_t)k * size);
            float weight;
            memcpy(&weight, &bits, sizeof weight);
            folded[(k / 3 + 1 - job->row) / 2 * 2 + (k % 3 + 1 - job->column) / 2] += weight;
        }
    }
}

/* `count` pairs of a row's weights, at any address, as bf16. The row's next ones are fetched, see AHEAD. */
static void narrow_pairs(const pack_job *job, const char *from, int count, uint32_t *pairs) {
    float row[2 * INPUTS_TOGETHER], widened[2 * INPUTS_TOGETHER];
    size_t bytes = 2 * (size_t)count * i2v_element_size(job->element);
    for (size_t ahead = bytes; ahead < 2 * bytes; ahead += 64) __builtin_prefetch(from + ahead);
    memcpy(row, from, bytes);
    job->kernels->widen(job->element, row, 2 * (int64_t)count, widened);
    job->kernels->narrow(I2V_ELEMENT_BF16, widened, 2 * (int64_t)count, pairs);
}

static void pack_rows(const pack_job *job, weight_rows from, int begin, int end, char *to) {
    float folded[MOST_ROWS][INPUTS_TOGETHER * 4];
    uint32_t pairs[MOST_ROWS][INPUTS_TOGETHER];
    if (job->pairs) {
        for (int r = 0; r < from.count; r++) {
            narrow_pairs(job, from.first + (size_t)r * from.stride, end - begin, pairs[r]);
        }
        from = (weight_rows){(const char *)pairs, sizeof pairs[0], from.count, I2V_ELEMENT_F32};
    } else if (job->folds) {
        for (int r = 0; r < from.count; r++) {
            fold(job, from.first + (size_t)r * from.stride, end - begin, folded[r]);
        }
        from = (weight_rows){(const char *)folded, sizeof folded[0], from.count, I2V_ELEMENT_F32};
    }
    if (i2v_element_size(job->filter->element) == 2) {
        move_rows(job, &from, begin, end, 2, to);
    } else {
        move_rows(job, &from, begin, end, 4, to);
    }
}

static void pack_panel(void *argument, int64_t item, int thread) {
    const pack_job *job = argument;
    const i2v_filter *filter = job->filter;
    size_t depth = (size_t)filter->in * (size_t)filter->taps, panel = (size_t)job->panel;
    size_t size = i2v_element_size(filter->element);
    /* of the weights of one output and input */
    size_t from_size = (size_t)(job->folds ? 9 : job->pairs ? 2 : filter->taps) * i2v_element_size(job->element);
    weight_rows from = {.stride = (size_t)filter->in * from_size, .element = job->element};
    char *to = job->packed + (size_t)item * depth * panel * size;
    const char *weights = job->weights + (size_t)item * panel * from.stride;
    int rows = (int)i2v_min(job->panel, filter->out - item * job->panel), together = (int)(VECTOR / size);
    if (rows < job->panel) memset(to, 0, depth * panel * size);
    for (int begin = 0; begin < filter->in; begin += INPUTS_TOGETHER) {
        int end = (int)i2v_min(begin + INPUTS_TOGETHER, filter->in);
        for (int row = 0; row < rows; row += together) {
            from.first = weights + (size_t)row * from.stride + (size_t)begin * from_size;
            from.count = (int)i2v_min(together, rows - row);
            pack_rows(job, from, begin, end, to + (size_t)row * size);
        }
    }
}

static void run_pack(const i2v_device *device, pack_job job) {
    i2v_parallel(device->team, i2v_tiles(job.filter->out, job.panel), NULL, pack_panel, &job);
}

void i2v_cpu_filter_pack(const i2v_kernels *kernels, const i2v_device *device, const i2v_filter *filter,
                         i2v_element element, const void *weights, void *packed) {
    i2v_filter pairs = {.in = filter->in / 2, .out = filter->out, .taps = 1, .element = I2V_ELEMENT_F32};
    int is_of_pairs = i2v_filter_is_of_pairs(kernels, filter);
    run_pack(device, (pack_job){.kernels = kernels,
                                .filter = is_of_pairs ? &pairs : filter,
                                .panel = kernels->panel,
                                .element = element,
                                .weights = weights,
                                .packed = packed,
                                .pairs = is_of_pairs});
}

/* ---- convolutions ---- */

i2v_filter i2v_cpu_conv_filter(const i2v_kernels *kernels, const i2v_conv *conv, int phase) {
    int taps = conv->doubles ? 4 : conv->kernel * conv->kernel;
    i2v_filter filter = {.in = conv->in, .out = conv->out, .taps = taps, .element = conv->element};
    size_t size = (i2v_cpu_filter_size(kernels, &filter) + 63) / 64 * 64;
    if (conv->packed) filter.packed = (const char *)conv->packed + (size_t)phase * size;
    return filter;
}

size_t i2v_cpu_conv_size(const i2v_kernels *kernels, const i2v_conv *conv) {
    i2v_filter filter = i2v_cpu_conv_filter(kernels, conv, 0);
    size_t size = (i2v_cpu_filter_size(kernels, &filter) + 63) / 64 * 64;
    return size * (conv->doubles ? 4 : 1);
}

i2v_status i2v_cpu_conv_pack(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv *conv,
                             i2v_element element, const void *weights, void *packed, i2v_error *error) {
    if (!conv->doubles) {
        i2v_filter filter = i2v_cpu_conv_filter(kernels, conv, 0);
        i2v_cpu_filter_pack(kernels, device, &filter, element, weights, packed);
        return I2V_OK;
    }
    i2v_conv into = *conv;
    into.packed = packed;
    for (int phase = 0; phase < 4; phase++) {
        i2v_filter filter = i2v_cpu_conv_filter(kernels, &into, phase);
        run_pack(device, (pack_job){.kernels = kernels,
                                    .filter = &filter,
                                    .panel = kernels->panel,
                                    .element = element,
                                    .weights = weights,
                                    .packed = (void *)filter.packed,
                                    .folds = 1,
                                    .row = phase / 2,
                                    .column = phase % 2});
    }
    return I2V_OK;
}
