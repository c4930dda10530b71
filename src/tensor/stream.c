#include "tensor/stream.h"

#include "base/file.h"

/* Whether the weights at packed and source are to be packed now. */
static int is_streamed(const void *packed, const i2v_source *source) {
    return !packed && source->file;
}

/* Whether source may be read: the run computes, and the file is what was opened. Of a file that is cut while it is
 * mapped, pages beyond its end cannot be read at all. */
static int is_readable(i2v_run *run, const i2v_source *source) {
    if (!i2v_run_computes(run)) return 0;
    run->status = i2v_file_check(source->file, run->error);
    return !run->status;
}

/* Ends the reading of `values` weights: their pages count no longer. */
static void finish_reading(i2v_run *run, const i2v_source *source, int64_t values, double began) {
    size_t bytes = (size_t)values * i2v_element_size(source->element);
    i2v_file_forget(source->data, bytes);
    i2v_profile_packing(run->profile, bytes, began);
}

static void give_back(i2v_run *run, const void *weights, const void *packed) {
    if (packed != weights) i2v_pool_give(run->pool, (void *)(uintptr_t)packed);
}

static i2v_filter stream_filter(i2v_run *run, const i2v_filter *weights) {
    const i2v_source *source = &weights->source;
    i2v_filter filter = *weights;
    if (!is_streamed(weights->packed, source)) return filter;
    void *packed = i2v_run_take(run, run->backend->filter_size(weights));
    filter.packed = packed;
    if (!is_readable(run, source)) return filter;
    double began = i2v_profile_begin(run->profile);
    run->backend->filter_pack(&run->device, weights, source->element, source->data, packed);
    finish_reading(run, source, (int64_t)weights->in * weights->out * weights->taps, began);
    return filter;
}

i2v_linear i2v_stream_linear(i2v_run *run, const i2v_linear *weights) {
    i2v_linear linear = *weights;
    for (int i = 0; i < weights->parts_count; i++) {
        linear.parts[i].filter = stream_filter(run, &weights->parts[i].filter);
    }
    return linear;
}

void i2v_stream_linear_end(i2v_run *run, const i2v_linear *weights, const i2v_linear *packed) {
    for (int i = 0; i < weights->parts_count; i++) {
        give_back(run, weights->parts[i].filter.packed, packed->parts[i].filter.packed);
    }
}

i2v_conv i2v_stream_conv(i2v_run *run, const i2v_conv *weights) {
    const i2v_source *source = &weights->source;
    i2v_conv conv = *weights;
    if (!is_streamed(weights->packed, source)) return conv;
    void *packed = i2v_run_take(run, run->backend->conv_size(weights));
    conv.packed = packed;
    if (!is_readable(run, source)) return conv;
    double began = i2v_profile_begin(run->profile);
    run->status = run->backend->conv_pack(&run->device, weights, source->element, source->data, packed, run->error);
    finish_reading(run, source, (int64_t)weights->in * weights->out * weights->kernel * weights->kernel, began);
    return conv;
}

void i2v_stream_conv_end(i2v_run *run, const i2v_conv *weights, const i2v_conv *packed) {
    give_back(run, weights->packed, packed->packed);
}

i2v_temporal_conv i2v_stream_temporal_conv(i2v_run *run, const i2v_temporal_conv *weights) {
    return (i2v_temporal_conv){.filter = stream_filter(run, &weights->filter), .bias = weights->bias};
}

void i2v_stream_temporal_conv_end(i2v_run *run, const i2v_temporal_conv *weights, const i2v_temporal_conv *packed) {
    give_back(run, weights->filter.packed, packed->filter.packed);
}
