/* Weights in panels of `panel` outputs: [panels][taps][in][panel], outputs beyond the last zero. A panel is what the
 * product's kernel reads from front to back; a convolution's row of taps is one long sum over it, since the pixels of a
 * channels-last row lie side by side. */
#include "backend/cpu/product.h"

#include "base/half.h"
#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

#define INPUTS_TOGETHER 64 /* of one output, so that what is written stays in cache */

typedef struct pack_job {
    const i2v_filter *filter;
    int panel;
    i2v_element element;
    const char *weights;
    char *packed;
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

/* Inputs begin..end of one output, from [in, taps] to [taps][in][panel]; `size`, known to the compiler, of an element
 * that stays what it is. */
static inline void move(const pack_job *job, const char *from, int begin, int end, size_t size, char *to) {
    int64_t taps = job->filter->taps, in = job->filter->in, panel = job->panel;
    for (int64_t i = begin; i < end; i++) {
        for (int64_t t = 0; t < taps; t++) {
            memcpy(to + (size_t)((t * in + i) * panel) * size, from + (size_t)(i * taps + t) * size, size);
        }
    }
}

static void convert(const pack_job *job, const char *from, int begin, int end, char *to) {
    int64_t taps = job->filter->taps, in = job->filter->in, panel = job->panel;
    i2v_element was = job->element, is = job->filter->element;
    for (int64_t i = begin; i < end; i++) {
        for (int64_t t = 0; t < taps; t++) {
            uint32_t bits = load_bits(was, from + (size_t)(i * taps + t) * i2v_element_size(was));
            store_bits(is, bits, to + (size_t)((t * in + i) * panel) * i2v_element_size(is));
        }
    }
}

static void pack_panel(void *argument, int64_t item, int thread) {
    const pack_job *job = argument;
    const i2v_filter *filter = job->filter;
    size_t depth = (size_t)filter->in * (size_t)filter->taps, panel = (size_t)job->panel;
    size_t size = i2v_element_size(filter->element), from_size = i2v_element_size(job->element);
    char *to = job->packed + (size_t)item * depth * panel * size;
    size_t rows = (size_t)i2v_min(job->panel, filter->out - item * job->panel);
    if (rows < panel) memset(to, 0, depth * panel * size);
    for (int begin = 0; begin < filter->in; begin += INPUTS_TOGETHER) {
        int end = (int)i2v_min(begin + INPUTS_TOGETHER, filter->in);
        for (size_t r = 0; r < rows; r++) {
            const char *from = job->weights + ((size_t)item * panel + r) * depth * from_size;
            if (job->element != filter->element) {
                convert(job, from, begin, end, to + r * size);
            } else if (size == 2) {
                move(job, from, begin, end, 2, to + r * size);
            } else {
                move(job, from, begin, end, 4, to + r * size);
            }
        }
    }
}

void i2v_cpu_filter_pack(const i2v_kernels *kernels, const i2v_device *device, const i2v_filter *filter,
                         i2v_element element, const void *weights, void *packed) {
    pack_job job = {filter, kernels->panel, element, weights, packed};
    i2v_parallel(device->team, i2v_tiles(filter->out, kernels->panel), NULL, pack_panel, &job);
}

/* ---- convolutions ---- */

i2v_filter i2v_cpu_conv_filter(const i2v_kernels *kernels, const i2v_conv *conv, int phase) {
    int taps = conv->doubles ? 4 : conv->kernel * conv->kernel;
    i2v_filter filter = {conv->in, conv->out, taps, conv->element, NULL};
    size_t size = (i2v_cpu_filter_size(kernels, &filter) + 63) / 64 * 64;
    if (conv->packed) filter.packed = (const char *)conv->packed + (size_t)phase * size;
    return filter;
}

size_t i2v_cpu_conv_size(const i2v_kernels *kernels, const i2v_conv *conv) {
    i2v_filter filter = i2v_cpu_conv_filter(kernels, conv, 0);
    size_t size = (i2v_cpu_filter_size(kernels, &filter) + 63) / 64 * 64;
    return size * (conv->doubles ? 4 : 1);
}

/* The 2x2 kernels [out, in, 2, 2] of the outputs at (row, column) of each 2x2: tap k of 3 meets small pixel
 * (k + 1 - row) / 2 of the two. */
static void fold(const i2v_conv *conv, i2v_element element, const char *weights, int row, int column, float *folded) {
    size_t size = i2v_element_size(element);
    for (int64_t i = 0; i < (int64_t)conv->out * conv->in; i++, weights += 9 * size, folded += 4) {
        for (int k = 0; k < 4; k++) folded[k] = 0;
        for (int k = 0; k < 9; k++) {
            uint32_t bits = load_bits(element, weights + (size_t)k * size);
            float weight;
            memcpy(&weight, &bits, sizeof weight);
            folded[(k / 3 + 1 - row) / 2 * 2 + (k % 3 + 1 - column) / 2] += weight;
        }
    }
}

i2v_status i2v_cpu_conv_pack(const i2v_kernels *kernels, const i2v_device *device, const i2v_conv *conv,
                             i2v_element element, const void *weights, void *packed, i2v_error *error) {
    if (!conv->doubles) {
        i2v_filter filter = i2v_cpu_conv_filter(kernels, conv, 0);
        i2v_cpu_filter_pack(kernels, device, &filter, element, weights, packed);
        return I2V_OK;
    }
    size_t bytes = (size_t)conv->in * (size_t)conv->out * 4 * sizeof(float);
    float *folded = malloc(bytes);
    if (!folded) return i2v_fail_memory(error, "the packing of a convolution's weights", bytes);
    i2v_conv into = *conv;
    into.packed = packed;
    for (int phase = 0; phase < 4; phase++) {
        i2v_filter filter = i2v_cpu_conv_filter(kernels, &into, phase);
        fold(conv, element, weights, phase / 2, phase % 2, folded);
        i2v_cpu_filter_pack(kernels, device, &filter, I2V_ELEMENT_F32, folded, (void *)filter.packed);
    }
    free(folded);
    return I2V_OK;
}
