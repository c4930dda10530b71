/* The CPU backend, with every instruction set that this machine has, against the plain one; `test_kernels --bench
 * [THREADS [f32|bf16 [VARIANT [NAME]]]]` times one, by default (or -1) the one that this machine would use: all
 * operations, or those with NAME in theirs. I2V_TEST_SEED in the environment is the seed of all operands. */
#include "bench_kernels.h"
#include "kernel_compare.h"

#include "backend/cpu/product.h"
#include "backend/cpu/winograd.h"
#include "backend/widen.h"
#include "base/half.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static i2v_tensor tensor_of(void *data, int frames, int height, int width, int channels) {
    return (i2v_tensor){data, frames, height, width, channels, I2V_ELEMENT_F32};
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

/* What the difference may be, as a share of the largest expected value. */
static const double TOLERANCE = 2e-6;
/* An output rounded to bf16 to the other side, of a tie or nearly one: a whole last place of 8 bits. */
static const double TOLERANCE_BF16 = 1.0 / 128;

/* Winograd's tiles of 4x4 outputs magnify the rounding: 3e-6 where the direct sum's is a third of that. */
static const double TOLERANCE_WINOGRAD = 1e-5;

/* bf16_tolerance: see tolerances. */
static void compare_within(double tolerance, double bf16_tolerance, runner run, const void *args, i2v_element element,
                           void *out, int64_t count) {
    compare_variants(&(operation){run, args, element, out, count}, i2v_backend_cpu_variant,
                     (tolerances){tolerance, bf16_tolerance});
}

static void compare(runner run, const void *args, i2v_element element, void *out, int64_t count) {
    double tolerance = element == I2V_ELEMENT_F32 ? TOLERANCE : TOLERANCE_BF16;
    compare_within(tolerance, tolerance, run, args, element, out, count);
}

/* What activations are stored as in case number `i`. */
static i2v_element activations(int i) {
    return i % 5 < 3 ? I2V_ELEMENT_F32 : I2V_ELEMENT_BF16;
}

/* Epilogue number `kind` of EPILOGUES: every activation, with and without vector, residuals, a residual in place. */
enum { EPILOGUES = 32 };

static i2v_epilogue random_epilogue(int kind, int64_t rows, int columns, i2v_element element, void *out) {
    i2v_epilogue epilogue = i2v_epilogue_plain();
    epilogue.activation = (i2v_activation)(kind % 4);
    if (kind & 4) {
        epilogue.vector = random_floats(columns, 0, 1);
        epilogue.scale = 0.37f;
    }
    if (kind & 8) {
        epilogue.residual[0] = kind & 16 ? out : random_values(element, rows * columns, 0, 1);
        epilogue.residual_scale[0] = 1;
    }
    if (kind & 16) {
        epilogue.residual[1] = random_values(element, rows * columns, 0, 1);
        epilogue.residual_scale[1] = -0.63f;
    }
    epilogue.relu = kind % 7 == 3;
    return epilogue;
}

static void free_epilogue(const i2v_epilogue *epilogue, const void *out) {
    i2v_memory_free((void *)epilogue->vector);
    for (int i = 0; i < I2V_EPILOGUE_MAX_RESIDUALS; i++) {
        if (epilogue->residual[i] != out) i2v_memory_free((void *)epilogue->residual[i]);
    }
}

/* A group norm over sets of so many rows, of the channels; kind: none, without and with an activation. */
static i2v_input_norm random_input_norm(int kind, int64_t rows, int64_t sets, int channels) {
    i2v_input_norm norm = {.rows = rows, .activation = kind % 3 == 2 ? I2V_ACTIVATION_SILU : I2V_ACTIVATION_NONE};
    if (kind % 3) norm.factors = random_floats(sets * 3 * channels, 0.3f, 1);
    return norm;
}

/* ---- packed weights ------------------------------------------------------------------------------------------- */

/* value as a packed weight of the element has it. */
static float rounded(i2v_element element, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (element == I2V_ELEMENT_F16) bits = i2v_widen_f16(i2v_narrow_f16(bits));
    if (element == I2V_ELEMENT_BF16) bits = i2v_widen_bf16(i2v_narrow_bf16(bits));
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Finite values of one byte: of E5M2, exponents of all ones are none, of E4M3, the last code of either sign. */
static void *random_bytes(i2v_element element, int64_t count) {
    uint8_t *bytes = i2v_memory_new((uint64_t)count);
    assert_non_null(bytes);
    for (int64_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)random_int(0, 255);
        if ((bytes[i] & 0x7f) >= (element == I2V_ELEMENT_E5M2 ? 0x7c : 0x7f)) bytes[i] &= 0x87;
    }
    return bytes;
}

/* Value i of a file's weights. */
static float source_value(const i2v_source *source, const void *weights, int64_t i) {
    if (i2v_element_size(source->element) > 1) return value_of(source->element, weights, i);
    uint8_t byte = ((const uint8_t *)weights)[i];
    uint32_t bits = source->element == I2V_ELEMENT_E4M3 ? i2v_widen_e4m3(byte) : i2v_widen_e5m2(byte);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value * source->scale;
}

/* Weights that a file has as `from`, at an odd address, as filter has them packed: [panels][taps][in][panel], or, of
 * pairs, [panels][taps][in / 2][panel][2]; outputs beyond the last are zero. */
static void check_pack(const i2v_kernels *kernels, const i2v_backend *backend, i2v_filter filter, i2v_element from,
                       float scale) {
    begin_case("packing of [%d, %d, %d] from element %d as %d, for inputs of %d", filter.out, filter.in, filter.taps,
               (int)from, (int)filter.element, (int)filter.input);
    case_runs_on(backend->name);
    i2v_device device = {.kernels = backend->kernels};
    filter.packing = backend->choose_packing(&device, filter.element, filter.input, filter.in, filter.taps);
    int pairs = filter.packing == I2V_PACKING_PAIRS_BF16, panel = kernels->panel;
    i2v_element element = i2v_packing_element(filter.packing);
    if (!pairs) assert_int_equal(element, filter.element);
    int64_t count = (int64_t)filter.in * filter.out * filter.taps;
    size_t bytes = (size_t)count * i2v_element_size(from), size = backend->filter_size(&device, &filter);
    char *weights = i2v_element_size(from) == 1 ? random_bytes(from, count) : random_values(from, count, 0, 1),
         *file = guarded(bytes + 1), *packed = guarded(size);
    memcpy(file + 1, weights, bytes);
    i2v_source source = {.bytes.data = (const uint8_t *)file + 1, .element = from, .scale = scale};
    assert_int_equal(backend->filter_pack(&device, &filter, &source, NULL, packed, NULL), I2V_OK);
    check_guard(packed, size);
    int64_t columns = i2v_round_up(filter.out, panel), depth = (int64_t)filter.in * filter.taps;
    assert_int_equal(size, (size_t)(columns * depth) * i2v_element_size(element));
    for (int64_t at = 0; at < columns * depth; at++) {
        int64_t place = pairs ? at / 2 : at, row = place / panel % (pairs ? depth / 2 : depth);
        int64_t out = place / panel / (pairs ? depth / 2 : depth) * panel + place % panel;
        int64_t in = pairs ? row % (filter.in / 2) * 2 + at % 2 : row % filter.in;
        int64_t tap = row / (pairs ? filter.in / 2 : filter.in);
        float expected = 0;
        if (out < filter.out) {
            expected = rounded(element, source_value(&source, weights, (out * filter.in + in) * filter.taps + tap));
        }
        assert_true(value_of(element, packed, at) == expected);
    }
    i2v_memory_free(weights);
    i2v_memory_free(file);
    i2v_memory_free(packed);
}

static void test_pack(void **state) {
    const i2v_backend *backend;
    for (int v = 0; (backend = i2v_backend_cpu_variant(v)); v++) {
        for (int i = 0; i < 100; i++) {
            /* as the file has it, or f32 with a LoRA or scale, or two bytes of what the file has in f32 or in one */
            i2v_element from = (i2v_element)(i % 5), is = i % 4 ? from : i % 8 ? I2V_ELEMENT_F32 : I2V_ELEMENT_BF16;
            float scale = i2v_element_size(from) == 1 && i % 4 == 0 ? 0.37f : 1;
            if (i2v_element_size(is) == 1) is = I2V_ELEMENT_F16;
            i2v_filter filter = {.in = i % 5 ? random_int(1, 140) : random_int(250, 530),
                                 .out = random_int(1, 70),
                                 .taps = random_int(0, 2) ? 1 : random_int(2, 9),
                                 .element = is,
                                 .input = i % 2 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32};
            check_pack(kernels_at(v), backend, filter, from, scale);
        }
    }
}

/* ---- functions of one variable -------------------------------------------------------------------------------- */

enum { RANGE = 200001 };

static void test_exp2(void **state) {
    float *x = floats(RANGE), *y = floats(RANGE);
    for (int v = 0; kernels_at(v); v++) {
        for (int i = 0; i < RANGE; i++) x[i] = -126.0f + 253.0f * (float)i / (RANGE - 1);
        kernels_at(v)->exp2(x, RANGE, y);
        for (int i = 0; i < RANGE; i++) assert_true(fabs(y[i] / exp2(x[i]) - 1) < 1.5e-7);
        static const float special[] = {-INFINITY, -1e30f, -200, 0, INFINITY, NAN};
        kernels_at(v)->exp2(special, 6, y);
        assert_true(y[0] < 1e-37 && y[1] < 1e-37 && y[2] < 1e-37 && y[3] == 1 && y[4] > 1e38f && isnan(y[5]));
    }
    i2v_memory_free(x);
    i2v_memory_free(y);
}

static void test_gelu(void **state) {
    float *x = floats(RANGE), *y = floats(RANGE);
    for (int v = 0; kernels_at(v); v++) {
        for (int i = 0; i < RANGE; i++) x[i] = -10.0f + 20.0f * (float)i / (RANGE - 1);
        kernels_at(v)->gelu(x, RANGE, y);
        for (int i = 0; i < RANGE; i++) {
            double expected = 0.5 * x[i] * erfc(-x[i] / sqrt(2));
            assert_true(fabs(y[i] - expected) < 1.2e-7 * fmax(1, fabs(x[i])));
        }
        static const float special[] = {-INFINITY, -1e30f, -0.0f, 1e-30f, 1e30f, INFINITY, NAN};
        kernels_at(v)->gelu(special, 7, y);
        assert_true(fabsf(y[0]) < 1e-8f && fabsf(y[1]) < 1e-8f && y[2] == 0 && fabsf(y[3] / 5e-31f - 1) < 1e-6f);
        assert_true(y[4] == 1e30f && y[5] > 1e38f && isnan(y[6]));
    }
    i2v_memory_free(x);
    i2v_memory_free(y);
}

/* ---- matrix products ------------------------------------------------------------------------------------------ */

static void check_linear(int64_t rows, int first, int second, int out, int parts, int with_norm, int epilogue) {
    begin_case("linear of %d rows, %d + %d -> %d in %d parts, norm %d, epilogue %d", (int)rows, first, second, out,
               parts, with_norm, epilogue);
    i2v_linear weights = random_linear(first + second, out, parts, (i2v_element)(epilogue % 3));
    i2v_norm norm = random_norm(first, 0);
    i2v_element element = activations(epilogue), out_element = epilogue & 8 ? element : activations(epilogue / 2);
    void *result = random_values(out_element, rows * out, 0, 1);
    meet(&weights, element);
    i2v_linear_args args = {
        .rows = rows,
        .source = {random_values(element, rows * first, 0, 1), random_values(element, rows * second, 0, 1)},
        .source_channels = {first, second},
        .element = element,
        .norm = with_norm ? &norm : NULL,
        .weights = &weights,
        .epilogue = random_epilogue(epilogue, rows, out, out_element, result),
        .out_element = out_element,
        .out = result};
    if (!with_norm) args.input_norm = random_input_norm(epilogue, (rows + 1) / 2, 2, first + second);
    double tolerance = out_element == I2V_ELEMENT_F32 ? TOLERANCE : TOLERANCE_BF16;
    double bf16_tolerance = element == I2V_ELEMENT_F32 ? tolerance : TOLERANCE_BF16; /* weights are rounded */
    compare_within(tolerance, bf16_tolerance, run_linear, &args, out_element, result, rows * out);
    free_epilogue(&args.epilogue, result);
    i2v_memory_free((void *)args.input_norm.factors);
    i2v_memory_free((void *)args.source[0]);
    i2v_memory_free((void *)args.source[1]);
    i2v_memory_free(result);
    free_norm(&norm);
    free_linear(&weights);
}

static void test_linear(void **state) {
    for (int epilogue = 0; epilogue < EPILOGUES; epilogue++) {
        int two = random_int(0, 1);
        check_linear(random_int(1, 90), random_int(1, 70), two ? random_int(1, 70) : 0, random_int(3, 300),
                     random_int(1, 3), !two && random_int(0, 1), epilogue);
    }
    check_linear(1, 320, 0, 1280, 1, 0, I2V_ACTIVATION_SILU);
    check_linear(1, 77, 33, 130, 2, 0, 31);
    check_linear(1, 1, 0, 1, 1, 1, 0);
    check_linear(2, 320, 0, 1030, 3, 1, 0);
    check_linear(257, 80, 0, 240, 3, 1, 0);
    check_linear(1025, 33, 31, 520, 1, 0, 29);
    check_linear(40, 1100, 0, 70, 1, 0, 13); /* sums in several parts */
    check_linear(8300, 16, 0, 1100, 2, 1, 8);
}

static void run_feed_forward(const i2v_backend *backend, int threads, const void *argument) {
    i2v_feed_forward_args args = *(const i2v_feed_forward_args *)argument;
    i2v_linear geglu = pack_linear(backend, *args.geglu), output = pack_linear(backend, *args.output);
    args.geglu = &geglu;
    args.output = &output;
    RUN(backend, threads, feed_forward, &args);
    free_packed(&geglu);
    free_packed(&output);
}

static void check_feed_forward(int64_t rows, int channels, int hidden, int out, int with_norm, int epilogue) {
    begin_case("feed-forward of %d rows, %d -> %d -> %d, norm %d, epilogue %d", (int)rows, channels, hidden, out,
               with_norm, epilogue);
    i2v_element element = (i2v_element)(epilogue % 3);
    i2v_linear geglu = random_linear(channels, 2 * hidden, 2, element);
    i2v_linear output = random_linear(hidden, out, 1, element);
    i2v_norm norm = random_norm(channels, 0);
    i2v_element stored = activations(epilogue);
    void *result = random_values(stored, rows * out, 0, 1);
    meet(&geglu, stored);
    meet(&output, stored);
    i2v_feed_forward_args args = {.rows = rows,
                                  .x = random_values(stored, rows * channels, 0, 1),
                                  .element = stored,
                                  .norm = with_norm ? &norm : NULL,
                                  .geglu = &geglu,
                                  .output = &output,
                                  .epilogue = random_epilogue(epilogue, rows, out, stored, result),
                                  .out = result};
    compare(run_feed_forward, &args, stored, result, rows * out);
    free_epilogue(&args.epilogue, result);
    i2v_memory_free((void *)args.x);
    i2v_memory_free(result);
    free_norm(&norm);
    free_linear(&geglu);
    free_linear(&output);
}

static void test_feed_forward(void **state) {
    for (int epilogue = 0; epilogue < EPILOGUES; epilogue++) {
        check_feed_forward(random_int(1, 150), random_int(1, 80), random_int(1, 200), random_int(1, 80),
                           random_int(0, 1), epilogue);
    }
    check_feed_forward(1, 64, 700, 64, 1, 8);
    check_feed_forward(1100, 40, 1030, 40, 1, 8);
}

static void run_temporal_conv(const i2v_backend *backend, int threads, const void *argument) {
    i2v_temporal_conv_args args = *(const i2v_temporal_conv_args *)argument;
    i2v_temporal_conv weights = *args.weights;
    weights.filter = pack(backend, weights.filter);
    args.weights = &weights;
    RUN(backend, threads, temporal_conv, &args);
    i2v_memory_free((void *)weights.filter.packed);
}

static void check_temporal_conv(int frames, int height, int width, int in, int out, int epilogue) {
    begin_case("temporal convolution of [%d, %d, %d, %d] -> %d, epilogue %d", frames, height, width, in, out, epilogue);
    i2v_temporal_conv weights = {.filter = random_filter(in, out, 3, (i2v_element)(epilogue % 3)),
                                 .bias = random_floats(out, 0, 1)};
    i2v_temporal_conv_args args = {.weights = &weights,
                                   .x = random_tensor(activations(epilogue), frames, height, width, in),
                                   .out = random_tensor(activations(epilogue), frames, height, width, out)};
    weights.filter.input = args.x.element;
    int64_t rows = i2v_tensor_rows(&args.out);
    args.input_norm = random_input_norm(epilogue, rows, 1, in);
    args.epilogue = random_epilogue(epilogue, rows, out, args.out.element, args.out.data);
    compare(run_temporal_conv, &args, args.out.element, args.out.data, rows * out);
    free_epilogue(&args.epilogue, args.out.data);
    i2v_memory_free((void *)args.input_norm.factors);
    i2v_memory_free(args.x.data);
    i2v_memory_free(args.out.data);
    i2v_memory_free((void *)weights.filter.packed);
    i2v_memory_free((void *)weights.bias);
}

static void test_temporal_conv(void **state) {
    for (int epilogue = 0; epilogue < EPILOGUES; epilogue++) {
        check_temporal_conv(random_int(1, 5), random_int(1, 9), random_int(1, 9), random_int(1, 50), random_int(1, 280),
                            epilogue);
    }
    check_temporal_conv(14, 10, 16, 64, 64, 4);
    check_temporal_conv(2, 30, 20, 3, 3, 0);
}

/* Channels and frames enough for Winograd's method: whole tiles in time and parts, few pixels and many. */
static void test_temporal_conv_winograd(void **state) {
    for (int i = 0; i < 24; i++) {
        check_temporal_conv(3 + i % 12, random_int(1, 9), random_int(1, 40), 64 + random_int(0, 70),
                            64 + random_int(0, 240), i);
    }
    check_temporal_conv(25, 8, 14, 200, 300, 9);
}

/* ---- convolutions --------------------------------------------------------------------------------------------- */

typedef struct conv_case {
    i2v_conv conv;
    i2v_filter weights; /* [out, in, kernel, kernel] */
    i2v_conv_args args;
} conv_case;

static void run_conv(const i2v_backend *backend, int threads, const void *argument) {
    conv_case one = *(const conv_case *)argument;
    i2v_error failure = {0};
    const i2v_device alone = {.kernels = backend->kernels};
    one.conv.packing =
        backend->choose_packing(&alone, one.conv.element, one.conv.input, one.conv.in, i2v_conv_taps(&one.conv));
    size_t bytes = backend->conv_size(&alone, &one.conv);
    void *packed = guarded(bytes);
    i2v_source source = {.bytes.data = one.weights.packed, .element = one.weights.element, .scale = 1};
    assert_int_equal(backend->conv_pack(&alone, &one.conv, &source, NULL, packed, &failure), I2V_OK);
    check_guard(packed, bytes);
    one.conv.packed = packed;
    one.args.weights = &one.conv;
    RUN(backend, threads, conv, &one.args);
    i2v_memory_free(packed);
}

/* input = {frames, height, width}; the second half of the channels is a skip connection in some cases. */
static void check_conv(i2v_conv conv, int frames, int height, int width, int epilogue) {
    begin_case("convolution %d x %d, stride %d, padding %d and %d, doubles %d, of [%d, %d, %d, %d] -> %d, epilogue %d",
               conv.kernel, conv.kernel, conv.stride, conv.pad_before, conv.pad_after, conv.doubles, frames, height,
               width, conv.in, conv.out, epilogue);
    conv_case one = {.conv = conv};
    i2v_element element = activations(epilogue);
    int second = epilogue % 4 == 3 ? conv.in / 2 : 0;
    one.weights = random_filter(conv.in, conv.out, conv.kernel * conv.kernel, (i2v_element)(epilogue % 3));
    one.conv.element = conv.doubles ? I2V_ELEMENT_F32 : one.weights.element;
    one.conv.input = element;
    one.conv.bias = random_floats(conv.out, 0, 1);
    one.args.x = random_tensor(element, frames, height, width, conv.in - second);
    one.args.skip = random_tensor(element, frames, height, width, second);
    one.args.out = random_tensor(element, frames, i2v_conv_size(&conv, height), i2v_conv_size(&conv, width), conv.out);
    one.args.input_norm = random_input_norm(epilogue, (int64_t)height * width, frames, conv.in);
    int64_t rows = i2v_tensor_rows(&one.args.out);
    one.args.epilogue = random_epilogue(epilogue, rows, conv.out, element, one.args.out.data);
    one.args.weights = &one.conv;
    double tolerance = i2v_winograd_fits(&one.args) ? TOLERANCE_WINOGRAD : TOLERANCE;
    if (element == I2V_ELEMENT_BF16) tolerance = TOLERANCE_BF16;
    compare_within(tolerance, tolerance, run_conv, &one, element, one.args.out.data, rows * conv.out);
    free_epilogue(&one.args.epilogue, one.args.out.data);
    i2v_memory_free((void *)one.weights.packed);
    i2v_memory_free((void *)one.conv.bias);
    i2v_memory_free((void *)one.args.input_norm.factors);
    i2v_memory_free(one.args.x.data);
    i2v_memory_free(one.args.skip.data);
    i2v_memory_free(one.args.out.data);
}

static void test_conv(void **state) {
    for (int epilogue = 0; epilogue < EPILOGUES; epilogue++) {
        int kernel = random_int(0, 3) ? 3 : 1;
        check_conv(conv_of(random_int(1, 40), random_int(1, 40), kernel, random_int(1, 2), kernel / 2, kernel / 2),
                   random_int(1, 3), random_int(3, 20), random_int(3, 20), epilogue);
    }
    check_conv(conv_of(64, 64, 3, 1, 1, 1), 2, 9, 13, 4);
    check_conv(conv_of(32, 32, 3, 2, 0, 1), 2, 8, 12, 0);
    check_conv(conv_of(32, 32, 3, 2, 0, 1), 1, 9, 13, 0);
    check_conv(conv_of(3, 32, 14, 14, 0, 0), 1, 56, 56, 0);
    check_conv(conv_of(3, 24, 16, 16, 0, 0), 1, 50, 35, 0);
    check_conv(conv_of(8, 16, 5, 1, 2, 2), 1, 3, 3, 0);
    i2v_conv doubling = conv_of(24, 40, 3, 1, 1, 1);
    doubling.doubles = 1;
    check_conv(doubling, 2, 7, 9, 4);
    check_conv(doubling, 1, 1, 1, 0);
    check_conv(doubling, 1, 70, 150, 27);
    doubling.in = 131; /* weights are packed in several turns */
    check_conv(doubling, 1, 3, 5, 0);
}

/* Channels enough for Winograd's method: blocks of one frame and of several, whole tiles and parts, both tile sizes. */
static void test_conv_winograd(void **state) {
    static const int sizes[][2] = {{3, 3}, {4, 7}, {5, 8}, {8, 14}, {13, 30}, {33, 57}, {3, 250}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (int i = 0; i < 5; i++) {
            int in = 64 + random_int(0, 70), out = 64 + random_int(0, 90);
            check_conv(conv_of(in, out, 3, 1, 1, 1), random_int(1, 5), sizes[s][0], sizes[s][1], 5 * (int)s + i);
        }
    }
    check_conv(conv_of(200, 300, 3, 1, 1, 1), 3, 12, 12, 8);
    check_conv(conv_of(200, 300, 3, 1, 1, 1), 3, 12, 12, 9);
}

/* Cut into bands, some of which have padding of their own, and into columns. */
static void test_conv_tiles(void **state) {
    check_conv(conv_of(16, 16, 3, 1, 1, 1), 2, 70, 300, 8);
    check_conv(conv_of(8, 8, 3, 2, 0, 1), 1, 140, 500, 0);
    check_conv(conv_of(4, 8, 3, 1, 1, 1), 1, 65, 700, 0);
    check_conv(conv_of(8, 4, 3, 1, 1, 1), 1, 64, 700, 0);
    check_conv(conv_of(2, 2, 7, 1, 3, 3), 1, 13, 30000, 0);
    check_conv(conv_of(256, 8, 3, 2, 0, 1), 1, 21, 203, 0);
    check_conv(conv_of(256, 8, 3, 1, 1, 1), 1, 40, 133, 27);
}

/* ---- norms ---------------------------------------------------------------------------------------------------- */

/* The factors through a 1x1 identity, so that what counts is compared: the normed values. */
typedef struct group_norm_case {
    i2v_group_factors_args factors;
    i2v_linear_args identity;
} group_norm_case;

static void run_group_norm(const i2v_backend *backend, int threads, const void *argument) {
    const group_norm_case *one = argument;
    run_group_factors(backend, threads, &one->factors);
    run_linear(backend, threads, &one->identity);
}

static i2v_linear identity_of(int channels) {
    i2v_linear identity = {.in = channels, .out = channels, .parts_count = 1};
    float *weights = floats((int64_t)channels * channels);
    memset(weights, 0, (size_t)channels * (size_t)channels * sizeof *weights);
    for (int64_t c = 0; c < channels; c++) weights[c * channels + c] = 1;
    identity.parts[0].filter = (i2v_filter){.in = channels, .out = channels, .taps = 1, .packed = weights};
    return identity;
}

static void check_group_norm(i2v_tensor size, int second, int groups, int all_frames, float mean, double tolerance) {
    begin_case("group norm of [%d, %d, %d, %d + %d], element %d, %d groups, all frames %d, mean %g", size.frames,
               size.height, size.width, size.channels, second, (int)size.element, groups, all_frames, (double)mean);
    int channels = size.channels + second;
    i2v_norm norm = random_norm(channels, groups);
    i2v_tensor x = size, skip = size;
    skip.channels = second;
    x.data = random_values(x.element, i2v_tensor_count(&x), mean, 1);
    skip.data = random_values(x.element, i2v_tensor_count(&skip), mean, 1);
    int64_t rows = i2v_tensor_rows(&x);
    int sets = all_frames ? 1 : x.frames;
    float *out = random_floats(rows * channels, 0, 1), *factors = floats((int64_t)3 * channels * sets);
    i2v_linear identity = identity_of(channels);
    for (int activation = 0; activation < 2; activation++) {
        group_norm_case one = {
            .factors = {.source = {x, skip}, .norm = &norm, .all_frames = all_frames, .factors = factors},
            .identity = {.rows = rows,
                         .source = {x.data, skip.data},
                         .source_channels = {x.channels, second},
                         .element = x.element,
                         .input_norm = {factors, rows / sets, (i2v_activation)activation},
                         .weights = &identity,
                         .epilogue = i2v_epilogue_plain(),
                         .out = out}};
        double bf16_tolerance = x.element == I2V_ELEMENT_BF16 ? TOLERANCE_BF16 : tolerance;
        compare_within(tolerance, bf16_tolerance, run_group_norm, &one, I2V_ELEMENT_F32, out, rows * channels);
    }
    i2v_memory_free(x.data);
    i2v_memory_free(skip.data);
    i2v_memory_free(out);
    i2v_memory_free(factors);
    free_norm(&norm);
    free_linear(&identity);
}

static void test_group_norm(void **state) {
    for (int i = 0; i < 20; i++) {
        int groups = random_int(1, 8), size = random_int(1, 9);
        int channels = groups * size, second = random_int(0, 1) ? random_int(0, channels - 1) : 0;
        i2v_tensor x = {NULL,          random_int(1, 4), random_int(1, 20), random_int(1, 20), channels - second,
                        activations(i)};
        /* a group of one value is its bias: no digits are left to compare but those */
        if (x.height * x.width * size < 8) x.height += 8;
        check_group_norm(x, second, groups, i % 2, 0, TOLERANCE);
    }
    check_group_norm(tensor_of(NULL, 3, 15, 20, 640), 320, 32, 0, 0, TOLERANCE);
    check_group_norm(tensor_of(NULL, 3, 30, 40, 128), 0, 32, 1, 0, TOLERANCE);
}

/* Values far from zero, as group norms inside a decoder meet them. */
static void test_norm_far_mean(void **state) {
    check_group_norm(tensor_of(NULL, 2, 40, 30, 64), 32, 8, 1, 100, TOLERANCE);
    check_group_norm(tensor_of(NULL, 2, 40, 30, 64), 0, 8, 0, -10000, TOLERANCE);
}

/* ---- bands of pixels -------------------------------------------------------------------------------------------- */

/* Pixels first..first + pixels of each frame, dense; to be freed. */
static i2v_tensor copy_of_band(i2v_tensor x, int first, int pixels) {
    i2v_tensor band = random_tensor(x.element, x.frames, 1, pixels, x.channels);
    for (int f = 0; f < x.frames; f++) {
        i2v_tensor from = i2v_tensor_pixels(&x, f, first, pixels), to = i2v_tensor_pixels(&band, f, 0, pixels);
        memcpy(to.data, from.data, i2v_tensor_bytes(&from));
    }
    return band;
}

/* A group norm over all frames whose statistics come in bands of so many tiles has the bits of one that has all. */
static void check_moments(const i2v_backend *backend, i2v_tensor x, int tiles) {
    begin_case("moments of [%d, %d, %d, %d], element %d, in bands of %d tiles", x.frames, x.height, x.width, x.channels,
               (int)x.element, tiles);
    i2v_norm norm = random_norm(x.channels, 4);
    int pixels = x.height * x.width, band = tiles * (int)backend->moments_tile(&norm, pixels);
    size_t bytes = (size_t)x.channels * 3 * sizeof(float);
    float *whole = floats(3 * x.channels), *joined = floats(3 * x.channels);
    void *moments = guarded(backend->moments_size(&norm, x.frames, pixels));
    for (int first = 0; first < pixels; first += band) {
        i2v_tensor part = copy_of_band(x, first, pixels - first < band ? pixels - first : band);
        i2v_group_moments_args args = {part, &norm, first, pixels, moments};
        RUN(backend, 2, group_moments, &args);
        i2v_memory_free(part.data);
    }
    i2v_group_factors_args args = {.source = {x}, .norm = &norm, .all_frames = 1, .factors = whole};
    RUN(backend, 2, group_factors, &args);
    args.moments = moments;
    args.source[0].data = NULL;
    args.factors = joined;
    RUN(backend, 2, group_factors, &args);
    assert_memory_equal(whole, joined, bytes);
    i2v_memory_free(whole);
    i2v_memory_free(joined);
    i2v_memory_free(moments);
    free_norm(&norm);
}

/* A temporal convolution of a band of x into a band of out, from pixel `first` on, beside the whole one. */
static void check_temporal_band(const i2v_backend *backend, i2v_tensor x, int channels, int first, int pixels) {
    begin_case("temporal convolution of [%d, %d, %d, %d] -> %d, element %d, band of %d pixels from %d", x.frames,
               x.height, x.width, x.channels, channels, (int)x.element, pixels, first);
    i2v_filter raw = random_filter(x.channels, channels, 3, I2V_ELEMENT_F32);
    i2v_temporal_conv weights = {.filter = pack(backend, raw)};
    i2v_memory_free((void *)raw.packed);
    i2v_tensor out = random_tensor(x.element, x.frames, x.height, x.width, channels);
    i2v_tensor banded = copy_of_band(out, 0, x.height * x.width);
    i2v_temporal_conv_args args = {.weights = &weights, .x = x, .out = out, .epilogue = i2v_epilogue_plain()};
    RUN(backend, 2, temporal_conv, &args);
    args.x_frame_rows = args.out_frame_rows = (int64_t)x.height * x.width;
    args.x = (i2v_tensor){i2v_tensor_pixels(&x, 0, first, pixels).data, x.frames, 1, pixels, x.channels, x.element};
    args.out =
        (i2v_tensor){i2v_tensor_pixels(&banded, 0, first, pixels).data, x.frames, 1, pixels, channels, x.element};
    RUN(backend, 2, temporal_conv, &args);
    i2v_tensor wanted = copy_of_band(out, first, pixels), found = copy_of_band(banded, first, pixels);
    assert_memory_equal(found.data, wanted.data, i2v_tensor_bytes(&wanted));
    i2v_memory_free(wanted.data);
    i2v_memory_free(found.data);
    i2v_memory_free(out.data);
    i2v_memory_free(banded.data);
    i2v_memory_free((void *)weights.filter.packed);
}

static void check_bands(const i2v_backend *backend, i2v_element element) {
    i2v_tensor x = random_tensor(element, 3, 37, 41, 128);
    for (int tiles = 1; tiles < 4; tiles++)
        check_moments(backend, x, tiles * (backend == i2v_backend_plain() ? 333 : 1));
    check_temporal_band(backend, x, 24, 0, 1);
    check_temporal_band(backend, x, 24, 1000, 517);
    i2v_memory_free(x.data);
    x = random_tensor(element, 6, 13, 17, 80); /* Winograd's */
    check_temporal_band(backend, x, 72, 0, 1);
    check_temporal_band(backend, x, 72, 100, 61);
    i2v_memory_free(x.data);
}

static void test_bands(void **state) {
    const i2v_backend *variant;
    for (int element = 0; element < 2; element++) {
        check_bands(i2v_backend_plain(), element ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32);
        for (int v = 0; (variant = i2v_backend_cpu_variant(v)); v++) {
            check_bands(variant, element ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32);
        }
    }
}

static void check_layer_norm(int64_t rows, int channels, float mean) {
    begin_case("layer norm of %d rows of %d, mean %g", (int)rows, channels, (double)mean);
    i2v_norm norm = random_norm(channels, 0);
    float *out = random_floats(rows * channels, 0, 1);
    i2v_layer_norm_args args = {rows, random_floats(rows * channels, mean, 1), &norm, out};
    compare(run_layer_norm, &args, I2V_ELEMENT_F32, out, rows * channels);
    i2v_memory_free((void *)args.x);
    i2v_memory_free(out);
    free_norm(&norm);
}

static void test_layer_norm(void **state) {
    for (int i = 0; i < 20; i++) check_layer_norm(random_int(1, 200), random_int(8, 150), 0);
    check_layer_norm(77, 1280, 100);
    check_layer_norm(77, 83, -1000);
}

/* ---- attention ------------------------------------------------------------------------------------------------ */

/* Temporal: the tokens of a sequence are frames, the sequences pixels. */
static void check_attention(int temporal, int outer, int inner, int tokens, int heads, int head_dim, float deviation) {
    begin_case("attention, temporal %d, of %d x %d sequences of %d tokens, %d heads of %d, deviation %g", temporal,
               outer, inner, tokens, heads, head_dim, (double)deviation);
    int channels = heads * head_dim;
    int64_t rows = (int64_t)outer * inner * tokens;
    i2v_element element = activations(tokens);
    char *qkv = random_values(element, rows * 3 * channels, 0, deviation);
    void *out = random_values(element, rows * channels, 0, 1);
    size_t part = (size_t)channels * i2v_element_size(element);
    int64_t token = temporal ? inner : 1, next = temporal ? 1 : tokens;
    i2v_attention_args args = {.q = qkv,
                               .k = qkv + part,
                               .v = qkv + 2 * part,
                               .out = out,
                               .element = element,
                               .outer = outer,
                               .inner = inner,
                               .tokens = tokens,
                               .heads = heads,
                               .head_dim = head_dim,
                               .scale = 1 / sqrtf((float)head_dim),
                               .outer_stride = (int64_t)inner * tokens * 3 * channels,
                               .inner_stride = next * 3 * channels,
                               .token_stride = token * 3 * channels,
                               .out_outer_stride = (int64_t)inner * tokens * channels,
                               .out_inner_stride = next * channels,
                               .out_token_stride = token * channels};
    /* a score's rounding is a weight's relative error: long sums and scores of hundreds leave fewer digits */
    double tolerance = deviation > 2 ? 1e-4 : TOLERANCE * (2 + head_dim / 512.0);
    if (element == I2V_ELEMENT_BF16) tolerance = TOLERANCE_BF16;
    compare_within(tolerance, tolerance, run_attention, &args, element, out, rows * channels);
    i2v_memory_free(qkv);
    i2v_memory_free(out);
}

static void test_attention(void **state) {
    static const int dims[] = {1, 3, 8, 24, 40, 64, 80, 100, 512};
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
        check_attention(0, 2, 1, random_int(1, 64), 2, dims[d], 1);
        check_attention(0, 1, 1, random_int(65, 300), 2, dims[d], 1);
        check_attention(1, 1, random_int(1, 40), random_int(1, 25), 2, dims[d], 1);
    }
    static const int tokens[] = {1, 2, 14, 59, 60, 61, 64, 65, 256, 257, 513, 1000};
    for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) check_attention(0, 1, 2, tokens[t], 3, 20, 1);
    check_attention(1, 2, 9, 70, 2, 16, 1);
}

/* More than what is packed at once. */
static void test_attention_groups(void **state) {
    check_attention(0, 15, 1, 65, 2, 2048, 1);
}

/* Softmaxes that are nearly a choice of one key. */
static void test_attention_huge_scores(void **state) {
    check_attention(0, 1, 1, 300, 2, 64, 10);
    check_attention(1, 1, 20, 14, 2, 64, 10);
    int tokens = 130, channels = 8;
    float *qkv = random_floats(tokens * 3 * channels, 0, 1e15f), *out = floats(tokens * channels);
    for (int v = 0; i2v_backend_cpu_variant(v); v++) {
        i2v_attention_args args = {.q = qkv,
                                   .k = qkv + channels,
                                   .v = qkv + 2 * channels,
                                   .out = out,
                                   .outer = 1,
                                   .inner = 1,
                                   .tokens = tokens,
                                   .heads = 1,
                                   .head_dim = channels,
                                   .scale = 1,
                                   .token_stride = 3 * channels,
                                   .out_token_stride = channels};
        run_attention(i2v_backend_cpu_variant(v), 2, &args);
        for (int i = 0; i < tokens * channels; i++) assert_true(isfinite(out[i]));
    }
    i2v_memory_free(qkv);
    i2v_memory_free(out);
}

/* ---- the rest ------------------------------------------------------------------------------------------------- */

static void run_add_vectors(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, add_vectors, (const i2v_add_vectors_args *)args);
}

static void run_upsample(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, upsample, (const i2v_upsample_args *)args);
}

static void test_elementwise(void **state) {
    for (int i = 0; i < 20; i++) {
        int frames = random_int(1, 4), height = random_int(1, 12), width = random_int(1, 12);
        int channels = random_int(1, 70);
        begin_case("upsampling, or vectors added, of [%d, %d, %d, %d]", frames, height, width, channels);
        i2v_element element = activations(i);
        i2v_tensor x = random_tensor(element, frames, height, width, channels);
        i2v_tensor out =
            random_tensor(element, frames, 2 * height - random_int(0, 1), 2 * width - random_int(0, 1), channels);
        i2v_upsample_args upsample = {x, out};
        compare(run_upsample, &upsample, element, out.data, i2v_tensor_count(&out));
        float *vectors = random_floats((int64_t)frames * channels, 0, 1);
        i2v_add_vectors_args add = {x, x, vectors};
        add.out.data = out.data;
        compare(run_add_vectors, &add, element, out.data, i2v_tensor_count(&x));
        add.out = x;
        compare(run_add_vectors, &add, element, x.data, i2v_tensor_count(&x));
        i2v_memory_free(x.data);
        i2v_memory_free(out.data);
        i2v_memory_free(vectors);
    }
}

/* NaN in, NaN out somewhere, and no crash. */
static void test_nan(void **state) {
    int channels = 32;
    int64_t rows = 200;
    float *x = random_floats(rows * 3 * channels, 0, 1), *out = floats(rows * channels);
    float *factors = floats((int64_t)2 * 3 * channels);
    for (int64_t i = 0; i < rows * 3 * channels; i += 7) x[i] = i % 2 ? NAN : INFINITY;
    i2v_norm norm = random_norm(channels, 8);
    for (int v = 0; i2v_backend_cpu_variant(v); v++) {
        const i2v_backend *backend = i2v_backend_cpu_variant(v);
        i2v_attention_args attention = {.q = x,
                                        .k = x + channels,
                                        .v = x + 2 * channels,
                                        .out = out,
                                        .outer = 2,
                                        .inner = 1,
                                        .tokens = 100,
                                        .heads = 2,
                                        .head_dim = channels / 2,
                                        .scale = 1,
                                        .outer_stride = 9600,
                                        .token_stride = 96,
                                        .out_outer_stride = 3200,
                                        .out_token_stride = 32};
        run_attention(backend, 2, &attention);
        assert_true(isnan(out[0]));
        i2v_group_factors_args group_factors = {
            .source = {tensor_of(x, 2, 10, 10, channels)}, .norm = &norm, .factors = factors};
        run_group_factors(backend, 2, &group_factors);
        assert_true(isnan(factors[channels]));
        i2v_layer_norm_args layer_norm = {rows, x, &norm, out};
        run_layer_norm(backend, 2, &layer_norm);
        assert_true(isnan(out[0]));
    }
    i2v_memory_free(x);
    i2v_memory_free(out);
    i2v_memory_free(factors);
    free_norm(&norm);
}

/* A cancelled operation succeeds without doing anything. */
static void test_cancel(void **state) {
    i2v_linear weights = random_linear(8, 8, 1, I2V_ELEMENT_F32);
    float *x = random_floats(80, 0, 1), *out = floats(80), *before = floats(80);
    memset(out, 0x55, 320);
    memcpy(before, out, 320);
    atomic_int cancel = 1;
    for (int v = 0; i2v_backend_cpu_variant(v); v++) {
        const i2v_backend *backend = i2v_backend_cpu_variant(v);
        i2v_device device = {.cancel = &cancel, .kernels = backend->kernels};
        i2v_linear_args args = {.rows = 10,
                                .source = {x},
                                .source_channels = {8},
                                .weights = &weights,
                                .epilogue = i2v_epilogue_plain(),
                                .out = out};
        i2v_linear packed = pack_linear(backend, weights);
        args.weights = &packed;
        void *scratch = guarded(backend->linear_scratch(&device, &args));
        assert_int_equal(backend->linear(&device, &args, scratch, NULL), I2V_OK);
        assert_memory_equal(before, out, 320);
        i2v_memory_free(scratch);
        free_packed(&packed);
    }
    i2v_memory_free(x);
    i2v_memory_free(out);
    i2v_memory_free(before);
    free_linear(&weights);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        KERNEL_TEST(test_pack),
        KERNEL_TEST(test_exp2),
        KERNEL_TEST(test_gelu),
        KERNEL_TEST(test_linear),
        KERNEL_TEST(test_feed_forward),
        KERNEL_TEST(test_temporal_conv),
        KERNEL_TEST(test_temporal_conv_winograd),
        KERNEL_TEST(test_conv),
        KERNEL_TEST(test_conv_winograd),
        KERNEL_TEST(test_conv_tiles),
        KERNEL_TEST(test_group_norm),
        KERNEL_TEST(test_norm_far_mean),
        KERNEL_TEST(test_bands),
        KERNEL_TEST(test_layer_norm),
        KERNEL_TEST(test_attention),
        KERNEL_TEST(test_attention_groups),
        KERNEL_TEST(test_attention_huge_scores),
        KERNEL_TEST(test_elementwise),
        KERNEL_TEST(test_nan),
        KERNEL_TEST(test_cancel),
    };
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        return bench_kernels(argc > 2 ? atoi(argv[2]) : i2v_core_count(), argc > 3 ? argv[3] : "f32",
                             argc > 4 ? atoi(argv[4]) : -1, argc > 5 ? argv[5] : "");
    }
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    seed_operands();
    print_instruction_sets();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
