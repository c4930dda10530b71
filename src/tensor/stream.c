/* Weights that are read from their file at each use. */
#include "tensor/stream.h"

/* Whether the weights at packed and source are to be packed now. */
static int is_streamed(const void *packed, const i2v_source *source) {
    return !packed && (source->bytes.file || source->bytes.data);
}

/* Memory for packing, and whether to pack: the run computes. */
static int begin_packing(i2v_run *run, void **scratch, double *began) {
    *scratch = i2v_run_take(run, run->backend->pack_scratch(&run->device));
    *began = i2v_profile_begin(run->profile);
    return i2v_run_computes(run);
}

/* Of `values` weights, of which none counts if the file is not what was opened. */
static void end_packing(i2v_run *run, const i2v_source *source, int64_t values, double began) {
    if (!run->status) run->status = i2v_bytes_check(&source->bytes, run->error);
    i2v_profile_packing(run->profile, (size_t)values * i2v_element_size(source->element), began);
}

static void give_back(i2v_run *run, const void *weights, const void *packed) {
    if (packed != weights) i2v_pool_give(run->pool, (void *)(uintptr_t)packed);
}

static i2v_filter stream_filter(i2v_run *run, const i2v_filter *weights) {
    const i2v_source *source = &weights->source;
    i2v_filter filter = *weights;
    if (!is_streamed(weights->packed, source)) return filter;
    void *packed = i2v_run_take(run, run->backend->filter_size(&run->device, weights));
    filter.packed = packed;
    void *scratch;
    double began;
    if (begin_packing(run, &scratch, &began)) {
        run->status = run->backend->filter_pack(&run->device, weights, source, scratch, packed, run->error);
        end_packing(run, source, (int64_t)weights->in * weights->out * weights->taps, began);
    }
    i2v_pool_give(run->pool, scratch);
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
    void *packed = i2v_run_take(run, run->backend->conv_size(&run->device, weights));
    conv.packed = packed;
    void *scratch;
    double began;
    if (begin_packing(run, &scratch, &began)) {
        run->status = run->backend->conv_pack(&run->device, weights, source, scratch, packed, run->error);
        end_packing(run, source, (int64_t)weights->in * weights->out * weights->kernel * weights->kernel, began);
    }
    i2v_pool_give(run->pool, scratch);
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
