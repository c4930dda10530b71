/* The adapter to oneDNN 2.x: matrix products, and convolutions of channels-last images. */
#ifdef I2V_ONEDNN
#include "backend/cpu/onednn.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <string.h>

const char *i2v_onednn_status(int status) {
    return dnnl_status2str((dnnl_status_t)status);
}

int i2v_onednn_product(int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_stride,
                       const float *weight, int64_t weight_stride, float beta, float *c, int64_t c_stride) {
    return dnnl_sgemm('N', 'T', rows, columns, depth, 1, a, a_stride, weight, weight_stride, beta, c, c_stride);
}

static int image_layout(dnnl_memory_desc_t *layout, int channels, int height, int width) {
    const dnnl_dims_t sizes = {1, channels, height, width};
    return dnnl_memory_desc_init_by_tag(layout, 4, sizes, dnnl_f32, dnnl_nhwc);
}

static int weights_layout(dnnl_memory_desc_t *layout, const i2v_conv *conv, dnnl_format_tag_t tag) {
    const dnnl_dims_t sizes = {conv->out, conv->in, conv->kernel, conv->kernel};
    return dnnl_memory_desc_init_by_tag(layout, 4, sizes, dnnl_f32, tag);
}

/* Whether the library has no better for this layout than its plain loops. */
static int is_slow(const_dnnl_primitive_desc_t description) {
    const char *name = NULL;
    dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
    return name && strncmp(name, "ref", 3) == 0;
}

/* The implementation is chosen for one thread: bands, not oneDNN, spread over threads. */
static int describe_for_one_thread(dnnl_primitive_desc_t *description, const dnnl_convolution_desc_t *convolution,
                                   dnnl_engine_t engine) {
    dnnl_primitive_attr_t attributes = NULL;
    int saved = omp_get_max_threads();
    omp_set_num_threads(1);
    int status = dnnl_primitive_attr_create(&attributes);
    /* the library's own scratchpad belongs to the thread that made the primitive */
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!status) status = dnnl_primitive_desc_create(description, convolution, attributes, engine, NULL);
    omp_set_num_threads(saved);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static int describe(dnnl_primitive_desc_t *description, dnnl_engine_t engine, const i2v_conv *conv,
                    const i2v_onednn_band *band, const dnnl_memory_desc_t *weights) {
    dnnl_memory_desc_t x, out;
    dnnl_convolution_desc_t convolution;
    const dnnl_dims_t strides = {conv->stride, conv->stride};
    const dnnl_dims_t before = {band->pad_top, band->pad_left}, after = {band->pad_bottom, band->pad_right};
    int status = image_layout(&x, conv->in, band->in_height, band->in_width);
    if (!status) status = image_layout(&out, conv->out, band->out_height, band->out_width);
    if (!status) {
        status = dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_inference, dnnl_convolution_direct, &x,
                                                    weights, NULL, &out, strides, before, after);
    }
    if (!status) status = describe_for_one_thread(description, &convolution, engine);
    return status;
}

/* The layout of packed weights: what oneDNN likes for a band of usual size. */
static int packed_layout(const i2v_conv *conv, dnnl_memory_desc_t *layout) {
    dnnl_engine_t engine = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_memory_desc_t any;
    int out_height = 8, out_width = 64;
    i2v_onednn_band band = {.in_height = (out_height - 1) * conv->stride + conv->kernel,
                            .in_width = (out_width - 1) * conv->stride + conv->kernel,
                            .out_height = out_height,
                            .out_width = out_width};
    int status = dnnl_engine_create(&engine, dnnl_cpu, 0);
    if (!status) status = weights_layout(&any, conv, dnnl_format_tag_any);
    if (!status) status = describe(&description, engine, conv, &band, &any);
    if (!status) *layout = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    dnnl_primitive_desc_destroy(description);
    dnnl_engine_destroy(engine);
    return status;
}

int i2v_onednn_packed_size(const i2v_conv *conv, size_t *size) {
    dnnl_memory_desc_t layout;
    int status = packed_layout(conv, &layout);
    if (!status) *size = dnnl_memory_desc_get_size(&layout);
    return status;
}

static int execute(dnnl_engine_t engine, const_dnnl_primitive_t primitive, int count,
                   const dnnl_exec_arg_t *arguments) {
    dnnl_stream_t stream = NULL;
    int status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (!status) status = dnnl_primitive_execute(primitive, stream, count, arguments);
    if (!status) status = dnnl_stream_wait(stream);
    dnnl_stream_destroy(stream);
    return status;
}

/* Uses all threads that OpenMP gives: it only moves values. */
static int reorder(const dnnl_memory_desc_t *from, const void *x, const dnnl_memory_desc_t *to, void *y) {
    dnnl_engine_t engine = NULL;
    dnnl_memory_t source = NULL, target = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_primitive_t primitive = NULL;
    int status = dnnl_engine_create(&engine, dnnl_cpu, 0);
    if (!status) status = dnnl_memory_create(&source, from, engine, (void *)x);
    if (!status) status = dnnl_memory_create(&target, to, engine, y);
    if (!status) status = dnnl_reorder_primitive_desc_create(&description, from, engine, to, engine, NULL);
    if (!status) status = dnnl_primitive_create(&primitive, description);
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
    if (!status) status = execute(engine, primitive, 2, arguments);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(description);
    dnnl_memory_destroy(target);
    dnnl_memory_destroy(source);
    dnnl_engine_destroy(engine);
    return status;
}

int i2v_onednn_pack(const i2v_conv *conv, const float *weights, void *packed) {
    dnnl_memory_desc_t plain, layout;
    int status = weights_layout(&plain, conv, dnnl_oihw);
    if (!status) status = packed_layout(conv, &layout);
    if (!status) status = reorder(&plain, weights, &layout, packed);
    return status;
}

int i2v_onednn_conv_describe(i2v_onednn_conv *made, const i2v_conv *conv, const i2v_onednn_band *band) {
    dnnl_memory_desc_t layout;
    dnnl_engine_t engine = NULL;
    dnnl_primitive_desc_t description = NULL;
    *made = (i2v_onednn_conv){0};
    int status = dnnl_engine_create(&engine, dnnl_cpu, 0);
    made->engine = engine;
    if (!status) status = packed_layout(conv, &layout);
    if (status) return status;
    int own = describe(&description, engine, conv, band, &layout) != dnnl_success || is_slow(description);
    if (own) {
        dnnl_primitive_desc_destroy(description);
        description = NULL;
        status = weights_layout(&layout, conv, dnnl_format_tag_any);
        if (!status) status = describe(&description, engine, conv, band, &layout);
        if (status) return status;
    }
    made->description = description;
    made->scratch = dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0));
    if (own) {
        made->own_weights =
            dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0));
    }
    return 0;
}

int i2v_onednn_conv_prepare(i2v_onednn_conv *made, const i2v_conv *conv, void *own_weights) {
    dnnl_primitive_t primitive = NULL;
    int saved = omp_get_max_threads();
    omp_set_num_threads(1);
    int status = dnnl_primitive_create(&primitive, made->description);
    omp_set_num_threads(saved);
    made->primitive = primitive;
    if (!status && made->own_weights) {
        dnnl_memory_desc_t layout;
        status = packed_layout(conv, &layout);
        const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(made->description, dnnl_query_weights_md, 0);
        if (!status) status = reorder(&layout, conv->packed, wanted, own_weights);
    }
    return status;
}

static int memory_of(dnnl_memory_t *memory, const i2v_onednn_conv *made, dnnl_query_t what, const void *data) {
    return dnnl_memory_create(memory, dnnl_primitive_desc_query_md(made->description, what, 0), made->engine,
                              (void *)data);
}

int i2v_onednn_conv_run(const i2v_onednn_conv *made, const float *x, const void *weights, float *out, void *scratch) {
    dnnl_memory_t memory[4] = {NULL};
    int status = memory_of(&memory[0], made, dnnl_query_src_md, x);
    if (!status) status = memory_of(&memory[1], made, dnnl_query_weights_md, weights);
    if (!status) status = memory_of(&memory[2], made, dnnl_query_dst_md, out);
    if (!status) status = memory_of(&memory[3], made, dnnl_query_scratchpad_md, scratch);
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, memory[0]},
                                         {DNNL_ARG_WEIGHTS, memory[1]},
                                         {DNNL_ARG_DST, memory[2]},
                                         {DNNL_ARG_SCRATCHPAD, memory[3]}};
    if (!status) status = execute(made->engine, made->primitive, 4, arguments);
    for (int i = 0; i < 4; i++) dnnl_memory_destroy(memory[i]);
    return status;
}

void i2v_onednn_conv_clear(i2v_onednn_conv *made) {
    dnnl_primitive_destroy(made->primitive);
    dnnl_primitive_desc_destroy(made->description);
    dnnl_engine_destroy(made->engine);
    *made = (i2v_onednn_conv){0};
}
#else
typedef int i2v_onednn_is_left_out; /* a file is not empty */
#endif
