/* Weights in panels of `panel` outputs: [panels][taps][in][panel], outputs beyond the last zero. A panel is what the
 * product's kernel reads from front to back; a convolution's row of taps is one long sum over it, since the pixels of a
 * channels-last row lie side by side. */
#include "backend/cpu/product.h"

#include "base/half.h"
#include "base/parallel.h"

#include <string.h>

#define INPUTS_TOGETHER 64 /* of one output, so that what is written stays in cache */

typedef struct pack_job {
    const i2v_filter *filter;
    int panel;
    i2v_element element;
    const char *weights;
    char *packed;
    int folds, row, column; /* of a doubling convolution: weights are [out, in, 3, 3], see fold */
} pack_job;

size_t i2v_cpu_filter_size(const i2v_kernels *kernels, const i2v_filter *filter) {
    return (size_t)i2v_tiles(filter->out, kernels->panel) * (size_t)kernels->panel * (size_t)filter->in *
           (size_t)filter->taps * i2v_element_size(filter->element);
}

static uint32_t load_bits(i2v_element element, const char *from) {
    uint32_t bits;
    uint16_t half;
    if (element == I2V_ELEMENT_F32) {
        memcpy(&bits, from, sizeof bits);
        return bits;
    }
    memcpy(&half, from, sizeof half);
    return element == I2V_ELEMENT_F16 ? i2v_widen_f16(half) : i2v_widen_bf16(half);
}

static void store_bits(i2v_element element, uint32_t bits, char *to) {
    if (element == I2V_ELEMENT_F32) {
        memcpy(to, &bits, sizeof bits);
        return;
    }
    uint16_t half = element == I2V_ELEMENT_F16 ? i2v_narrow_f16(bits) : i2v_narrow_bf16(bits);
    memcpy(to, &half, sizeof half);
}

/* Inputs begin..end of one output, which lie at from, [inputs, taps], to [taps][in][panel]; `size`, known to the
 * compiler, of an element that stays what it is. */
static inline void move(const pack_job *job, const char *from, int begin, int end, size_t size, char *to) {
    int64_t taps = job->filter->taps, in = job->filter->in, panel = job->panel;
    for (int64_t i = begin; i < end; i++) {
        for (int64_t t = 0; t < taps; t++, from += size) {
            memcpy(to + (size_t)((t * in + i) * panel) * size, from, size);
        }
    }
}

static void convert(const pack_job *job, i2v_element was, const char *from, int begin, int end, char *to) {
    int64_t taps = job->filter->taps, in = job->filter->in, panel = job->panel;
    i2v_element is = job->filter->element;
    for (int64_t i = begin; i < end; i++) {
        for (int64_t t = 0; t < taps; t++, from += i2v_element_size(was)) {
            store_bits(is, load_bits(was, from), to + (size_t)((t * in + i) * panel) * i2v_element_size(is));
        }
    }
}

/* The 2x2 kernels [count, 2, 2] of `count` inputs' 3x3 kernels, for the outputs at (row, column) of each 2x2: tap k of
 * 3 meets small pixel (k + 1 - row) / 2 of the two. */
static void fold(const pack_job *job, const char *from, int count, float *folded) {
    size_t size = i2v_element_size(job->element);
    for (int i = 0; i < count; i++, from += 9 * size, folded += 4) {
        for (int k = 0; k < 4; k++) folded[k] = 0;
        for (int k = 0; k < 9; k++) {
            uint32_t bits = load_bits(job->element, from + (size_t)k * size);
            float weight;
            memcpy(&weight, &bits, sizeof weight);
            folded[(k / 3 + 1 - job->row) / 2 * 2 + (k % 3 + 1 - job->column) / 2] += weight;
        }
    }
}

static void pack_inputs(const pack_job *job, const char *from, int begin, int end, char *to) {
    float folded[INPUTS_TOGETHER * 4];
    i2v_element element = job->element;
    if (job->folds) {
        fold(job, from, end - begin, folded);
        from = (const char *)folded;
        element = I2V_ELEMENT_F32;
    }
    if (element != job->filter->element) {
        convert(job, element, from, begin, end, to);
    } else if (i2v_element_size(element) == 2) {
        move(job, from, begin, end, 2, to);
    } else {
        move(job, from, begin, end, 4, to);
    }
}

static void pack_panel(void *argument, int64_t item, int thread) {
    const pack_job *job = argument;
    const i2v_filter *filter = job->filter;
    size_t depth = (size_t)filter->in * (size_t)filter->taps, panel = (size_t)job->panel;
    size_t size = i2v_element_size(filter->element);
    /* of the weights of one output and input */
    size_t from_size = (size_t)(job->folds ? 9 : filter->taps) * i2v_element_size(job->element);
    char *to = job->packed + (size_t)item * depth * panel * size;
    size_t rows = (size_t)i2v_min(job->panel, filter->out - item * job->panel);
    if (rows < panel) memset(to, 0, depth * panel * size);
    for (int begin = 0; begin < filter->in; begin += INPUTS_TOGETHER) {
        int end = (int)i2v_min(begin + INPUTS_TOGETHER, filter->in);
        for (size_t r = 0; r < rows; r++) {
            size_t first = ((size_t)item * panel + r) * (size_t)filter->in + (size_t)begin;
            pack_inputs(job, job->weights + first * from_size, begin, end, to + r * size);
        }
    }
}

static void run_pack(const i2v_device *device, pack_job job) {
    i2v_parallel(device->team, i2v_tiles(job.filter->out, job.panel), NULL, pack_panel, &job);
}

void i2v_cpu_filter_pack(const i2v_kernels *kernels, const i2v_device *device, const i2v_filter *filter,
                         i2v_element element, const void *weights, void *packed) {
    run_pack(device, (pack_job){filter, kernels->panel, element, weights, packed, 0, 0, 0});
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
        run_pack(device,
                 (pack_job){&filter, kernels->panel, element, weights, (void *)filter.packed, 1, phase / 2, phase % 2});
    }
    return I2V_OK;
}
