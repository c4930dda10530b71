/* Products of int8: each instruction set that this machine has, and one that is emulated, gives the bits of a plain
 * loop over whole numbers, and operations agree with the plain backend. I2V_TEST_SEED in the environment is the seed of
 * all operands. */
#include "kernel_compare.h"

#include "backend/cpu/int8.h"
#include "backend/widen.h"
#include "base/half.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

extern const i2v_int8_kernels i2v_int8_emulated;

/* The baseline with emulated products, then all that this CPU has. */
static const i2v_backend *variant_at(int index) {
    static i2v_kernels kernels;
    static i2v_backend backend;
    const i2v_backend *found = i2v_backend_cpu_variant(index > 0 ? index - 1 : 0);
    if (index == 0) {
        kernels = i2v_kernels_baseline;
        kernels.int8 = &i2v_int8_emulated;
        backend = *found;
        backend.kernels = &kernels;
        backend.name = i2v_int8_emulated.name;
        found = &backend;
    }
    if (found) case_runs_on(found->name);
    return found;
}

/* ---- the formula ------------------------------------------------------------------------------------------------ */

/* What I2V_INT8_BLOCK says of a block. volatile: no multiply-add may be fused. */
static float round_block(const float *x, int count, float most, int *out) {
    float largest = 0;
    for (int i = 0; i < count; i++) largest = fmaxf(largest, fabsf(x[i]));
    volatile float factor = largest >= I2V_INT8_LEAST ? most / largest : 0;
    for (int i = 0; i < count; i++) {
        volatile float scaled = x[i] * factor;
        out[i] = (int)nearbyintf(scaled);
    }
    return largest / most;
}

/* x[in] . w[in], in the order of the formula. */
static float dot(const float *x, const float *w, int in) {
    volatile float total = 0;
    for (int first = 0; first < in; first += I2V_INT8_BLOCK) {
        int count = in - first < I2V_INT8_BLOCK ? in - first : I2V_INT8_BLOCK, a[I2V_INT8_BLOCK], b[I2V_INT8_BLOCK];
        volatile float scale =
            round_block(w + first, count, I2V_INT8_MOST, b) * round_block(x + first, count, I2V_INT8_ROW_MOST, a);
        int64_t sum = 0;
        for (int i = 0; i < count; i++) sum += (int64_t)a[i] * b[i];
        volatile float scaled = (float)sum * scale;
        total = first ? total + scaled : scaled;
    }
    return total;
}

/* ---- rounding --------------------------------------------------------------------------------------------------- */

/* Value i of a row of so many. */
static int rounded_at(const i2v_int8_kernels *kernels, const void *row, int count, int i) {
    const int8_t *bytes = row;
    if (kernels->group == 2) return ((const int16_t *)row)[i];
    return 256 * bytes[i] + bytes[i2v_round_up(count, I2V_INT8_VECTOR) + i];
}

static void check_rounding(const i2v_int8_kernels *kernels, const float *x, int count) {
    int of_row[I2V_INT8_BLOCK] = {0}, of_weights[I2V_INT8_BLOCK] = {0};
    int16_t row[I2V_INT8_BLOCK];
    int8_t weights[I2V_INT8_BLOCK];
    assert_true(kernels->quantize(x, count, row) == round_block(x, count, I2V_INT8_ROW_MOST, of_row));
    assert_true(kernels->quantize_weights(x, count, weights) == round_block(x, count, I2V_INT8_MOST, of_weights));
    for (int i = 0; i < i2v_round_up(count, I2V_INT8_VECTOR); i++) {
        assert_int_equal(rounded_at(kernels, row, count, i), of_row[i]);
        assert_int_equal(weights[i], of_weights[i]);
    }
}

static void rounding(void **state) {
    for (int v = 0; variant_at(v); v++) {
        const i2v_int8_kernels *kernels = variant_at(v)->kernels->int8;
        for (int count = 1; count <= I2V_INT8_BLOCK; count++) {
            float *x = random_floats(count, 0, 1), ties[I2V_INT8_BLOCK];
            begin_case("rounding of %d values", count);
            check_rounding(kernels, x, count);
            for (int i = 0; i < count; i++) ties[i] = (float)((i * 37 + count) % 255 - 127) / 2;
            ties[0] = 127;
            check_rounding(kernels, ties, count);
            for (int i = 1; i < count; i++) ties[i] = (float)((i * 30011 + count) % 130047 - 65023) / 512; /* of rows */
            check_rounding(kernels, ties, count);
            i2v_memory_free(x);
        }
        static const float extremes[][4] = {
            {0, 0, 0, 0},      {FLT_MIN, -FLT_MIN, 0, 1e-45f},        {1e-30f, -1e-30f, 0, 5e-31f},
            {9e-31f, 1, 0, 0}, {FLT_MAX, -FLT_MAX, 1, FLT_MAX / 254}, {-0.0f, -1, 1, -1}};
        for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++) check_rounding(kernels, extremes[i], 4);
    }
}

/* A value that is not finite makes its block's scale NaN, wherever it stands. */
static void rounding_not_finite(void **state) {
    static const float values[] = {NAN, INFINITY, -INFINITY};
    for (int v = 0; variant_at(v); v++) {
        const i2v_int8_kernels *kernels = variant_at(v)->kernels->int8;
        for (int i = 0; i < 3 * 37; i++) {
            float *x = random_floats(37, 0, 1);
            int16_t row[I2V_INT8_BLOCK];
            x[i / 3] = values[i % 3];
            assert_true(isnan(kernels->quantize(x, 37, row)));
            i2v_memory_free(x);
        }
    }
}

/* ---- products --------------------------------------------------------------------------------------------------- */

/* The bits of the formula, with every instruction set and number of threads. */
static void check_bits(int rows, int in, int out) {
    begin_case("linear of %d rows, %d -> %d", rows, in, out);
    i2v_linear raw = {.in = in, .out = out, .parts_count = 1};
    raw.parts[0].filter = random_filter(in, out, 1, I2V_ELEMENT_F32);
    float *x = random_floats((int64_t)rows * in, 0, 1), *y = floats((int64_t)rows * out);
    const float *w = raw.parts[0].filter.packed;
    i2v_linear_args args = {
        .rows = rows, .source = {x}, .source_channels = {in}, .epilogue = i2v_epilogue_plain(), .out = y};
    const i2v_backend *variant;
    for (int v = 0; (variant = variant_at(v)); v++) {
        i2v_linear weights = pack_linear_int8(variant, raw);
        args.weights = &weights;
        for (int threads = 1; threads <= 3; threads++) {
            memset(y, 0xff, (size_t)rows * (size_t)out * sizeof *y);
            run_packed_linear(variant, threads, &args);
            for (int i = 0; i < rows * out; i++) {
                float expected = dot(x + (int64_t)(i / out) * in, w + (int64_t)(i % out) * in, in);
                if (!(y[i] == expected)) fail_msg("[%d, %d] is %a, not %a", i / out, i % out, y[i], expected);
            }
        }
        free_packed(&weights);
    }
    i2v_memory_free(x);
    i2v_memory_free(y);
    free_linear(&raw);
}

static void products_to_the_bit(void **state) {
    static const int sizes[][3] = {{1, 1, 1},    {1, 4, 32},    {3, 127, 33},  {7, 128, 8},   {13, 129, 17},
                                   {3, 257, 33}, {25, 320, 70}, {64, 640, 40}, {5, 1285, 64}, {300, 33, 300}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_bits(sizes[i][0], sizes[i][1], sizes[i][2]);
    for (int i = 0; i < 12; i++) check_bits(random_int(1, 40), random_int(1, 600), random_int(1, 90));
}

/* All values are the largest, of either sign: what saturates or overflows would show. */
static void largest_products(void **state) {
    enum { ROWS = 14, IN = 512, OUT = 40 };
    for (int signs = 0; signs < 4; signs++) {
        begin_case("largest products, signs %d", signs);
        i2v_linear raw = {.in = IN, .out = OUT, .parts_count = 1};
        raw.parts[0].filter = random_filter(IN, OUT, 1, I2V_ELEMENT_F32);
        float *w = (float *)(uintptr_t)raw.parts[0].filter.packed, *x = floats(ROWS * IN), *y = floats(ROWS * OUT);
        for (int i = 0; i < IN * OUT; i++) w[i] = signs & 1 ? -127 : 127;
        for (int i = 0; i < ROWS * IN; i++) x[i] = signs & 2 ? -127 : 127;
        i2v_linear_args args = {
            .rows = ROWS, .source = {x}, .source_channels = {IN}, .epilogue = i2v_epilogue_plain(), .out = y};
        const i2v_backend *variant;
        for (int v = 0; (variant = variant_at(v)); v++) {
            i2v_linear weights = pack_linear_int8(variant, raw);
            args.weights = &weights;
            run_packed_linear(variant, 2, &args);
            for (int i = 0; i < ROWS * OUT; i++) {
                assert_true(y[i] == (signs == 1 || signs == 2 ? -1.0f : 1.0f) * 127 * 127 * IN);
            }
            free_packed(&weights);
        }
        i2v_memory_free(x);
        i2v_memory_free(y);
        free_linear(&raw);
    }
}

/* ---- operations ------------------------------------------------------------------------------------------------- */

/* A norm's last bit may round a value to the next whole number: one of `inputs` changes by a 32512th of its largest. */
static void compare(const operation *op, double tolerance) {
    compare_variants(op, variant_at, (tolerances){tolerance, tolerance});
}

static void pack_and_run_linear(const i2v_backend *backend, int threads, const void *argument) {
    i2v_linear_args args = *(const i2v_linear_args *)argument;
    i2v_linear weights = pack_linear_int8(backend, *args.weights);
    args.weights = &weights;
    RUN(backend, threads, linear, &args);
    free_packed(&weights);
}

/* Parts, two sources, norms and epilogues; kind: which of them. */
static void check_linear(int64_t rows, int in, int second, int out, int parts, int kind) {
    begin_case("linear of %d rows, %d + %d -> %d in %d parts, kind %d", (int)rows, in, second, out, parts, kind);
    i2v_element element = kind & 1 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
    int layer = (kind & 2) && !second, group = (kind & 4) && !layer;
    i2v_linear weights = random_linear(in + second, out, parts, (i2v_element)(kind % 3));
    i2v_norm norm = random_norm(in, 0);
    void *result = random_values(element, rows * out, 0, 1);
    i2v_linear_args args = {
        .rows = rows,
        .source = {random_values(element, rows * in, 0, 1), random_values(element, rows * second, 0, 1)},
        .source_channels = {in, second},
        .element = element,
        .norm = layer ? &norm : NULL,
        .weights = &weights,
        .epilogue = {.activation = (i2v_activation)(kind % 4),
                     .scale = 0.37f,
                     .residual = {kind & 8 ? result : NULL},
                     .residual_scale = {-0.6f}},
        .out_element = element,
        .out = result};
    if (group) {
        args.input_norm = (i2v_input_norm){random_floats(3 * (in + second), 0.3f, 1), rows, I2V_ACTIVATION_SILU};
    }
    double tolerance = element == I2V_ELEMENT_BF16 ? 1.0 / 128 : layer || group ? 1e-4 : 2e-6;
    compare(&(operation){pack_and_run_linear, &args, element, result, rows * out}, tolerance);
    i2v_memory_free((void *)args.input_norm.factors);
    i2v_memory_free((void *)args.source[0]);
    i2v_memory_free((void *)args.source[1]);
    i2v_memory_free(result);
    free_norm(&norm);
    free_linear(&weights);
}

static void linear(void **state) {
    for (int kind = 0; kind < 32; kind++) {
        check_linear(random_int(1, 90), random_int(1, 300), kind % 3 ? 0 : random_int(1, 300), random_int(3, 300),
                     random_int(1, 3), kind);
    }
    check_linear(1025, 65, 0, 520, 3, 2);
}

static void pack_and_run_feed_forward(const i2v_backend *backend, int threads, const void *argument) {
    i2v_feed_forward_args args = *(const i2v_feed_forward_args *)argument;
    i2v_linear geglu = pack_linear_int8(backend, *args.geglu), output = pack_linear_int8(backend, *args.output);
    args.geglu = &geglu;
    args.output = &output;
    RUN(backend, threads, feed_forward, &args);
    free_packed(&geglu);
    free_packed(&output);
}

static void check_feed_forward(int64_t rows, int channels, int hidden, int out, int kind) {
    begin_case("feed-forward of %d rows, %d -> %d -> %d, kind %d", (int)rows, channels, hidden, out, kind);
    i2v_element element = kind & 1 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
    i2v_linear geglu = random_linear(channels, 2 * hidden, 2, (i2v_element)(kind % 3)),
               output = random_linear(hidden, out, 1, (i2v_element)(kind % 3));
    i2v_norm norm = random_norm(channels, 0);
    void *result = random_values(element, rows * out, 0, 1), *x = random_values(element, rows * channels, 0, 1);
    i2v_feed_forward_args args = {.rows = rows,
                                  .x = x,
                                  .element = element,
                                  .norm = kind & 2 ? &norm : NULL,
                                  .geglu = &geglu,
                                  .output = &output,
                                  .epilogue = {.scale = 1, .residual = {result}, .residual_scale = {0.5f}},
                                  .out = result};
    double tolerance = element == I2V_ELEMENT_BF16 ? 1.0 / 128 : 1e-4;
    compare(&(operation){pack_and_run_feed_forward, &args, element, result, rows * out}, tolerance);
    i2v_memory_free(x);
    i2v_memory_free(result);
    free_norm(&norm);
    free_linear(&geglu);
    free_linear(&output);
}

static void feed_forward(void **state) {
    for (int kind = 0; kind < 16; kind++) {
        check_feed_forward(random_int(1, 150), random_int(1, 300), random_int(1, 700), random_int(1, 80), kind);
    }
    check_feed_forward(1, 64, 700, 64, 2);
    check_feed_forward(600, 40, 1030, 40, 3);
}

/* What int8 costs: of normal numbers, an error of 0.4 % of the result with its bias, as the root of the mean square. By
 * rows in 8 bits, too, it would be 0.6 %. */
static void error_against_f32(void **state) {
    enum { ROWS = 64, IN = 640, OUT = 96 };
    i2v_linear raw = random_linear(IN, OUT, 1, I2V_ELEMENT_F32);
    float *x = random_floats(ROWS * IN, 0, 1), *y = floats(ROWS * OUT), *exact = floats(ROWS * OUT);
    i2v_linear_args args = {.rows = ROWS,
                            .source = {x},
                            .source_channels = {IN},
                            .weights = &raw,
                            .epilogue = i2v_epilogue_plain(),
                            .out = exact};
    run_packed_linear(i2v_backend_plain(), 1, &args);
    args.out = y;
    pack_and_run_linear(i2v_backend_cpu(), 1, &args);
    double error = 0, all = 0;
    for (int i = 0; i < ROWS * OUT; i++) {
        error += ((double)y[i] - exact[i]) * ((double)y[i] - exact[i]);
        all += (double)exact[i] * exact[i];
    }
    double share = sqrt(error / all);
    print_message("error of a product of int8: %.4f of the result\n", share);
    assert_true(share > 0.001 && share < 0.005);
    i2v_memory_free(x);
    i2v_memory_free(y);
    i2v_memory_free(exact);
    free_linear(&raw);
}

/* ---- packing ---------------------------------------------------------------------------------------------------- */

/* Weights of every kind of file, at an odd address, against the formula on their values in f32. */
static void check_pack(const i2v_backend *backend, int in, int out, i2v_element from, float scale) {
    begin_case("packing of [%d, %d] from element %d", out, in, (int)from);
    case_runs_on(backend->name);
    i2v_device device = {.kernels = backend->kernels};
    i2v_filter filter = {.in = in, .out = out, .taps = 1, .element = I2V_ELEMENT_INT8};
    filter.packing = backend->choose_packing(&device, filter.element, filter.input, in, 1);
    assert_int_equal(filter.packing, I2V_PACKING_BLOCKS_INT8);
    size_t size = i2v_element_size(from), bytes = (size_t)in * (size_t)out * size;
    char *file = guarded(bytes + 1), *packed = guarded(backend->filter_size(&device, &filter));
    for (size_t i = 0; i < bytes; i++) file[1 + i] = (char)random_int(-120, 100);
    for (size_t i = 0; i < bytes / size; i++) { /* no infinities and NaN: an exponent near 1's */
        if (from == I2V_ELEMENT_F32 || from == I2V_ELEMENT_BF16)
            file[i * size + size] = (char)(random_int(0, 1) * 128 + 0x3e);
        if (from == I2V_ELEMENT_F16) file[i * size + size] = (char)(random_int(0, 1) * 128 + 0x38);
        if (size == 1) file[1 + i] = (char)((file[1 + i] & 0x80) | random_int(0, 0x7b));
    }
    i2v_source source = {.bytes.data = (const uint8_t *)file + 1, .element = from, .scale = scale};
    assert_int_equal(backend->filter_pack(&device, &filter, &source, NULL, packed, NULL), I2V_OK);
    check_guard(packed, backend->filter_size(&device, &filter));
    filter.packed = packed;
    const i2v_kernels *kernels = backend->kernels;
    int panel = kernels->panel, group = kernels->int8->group;
    for (int64_t column = 0; column < i2v_round_up(out, panel); column++) {
        for (int first = 0; first < in; first += I2V_INT8_BLOCK) {
            int inputs = (int)i2v_min(I2V_INT8_BLOCK, in - first), wanted[I2V_INT8_BLOCK] = {0},
                at = (int)(column % panel);
            const char *block = i2v_int8_block_at(kernels, &filter, column, first);
            const float *scales = (const float *)(const void *)(block + i2v_int8_block_values(inputs, panel));
            float values[I2V_INT8_BLOCK] = {0};
            const char *row = file + 1 + ((size_t)column * (size_t)in + (size_t)first) * size;
            if (column < out && size == 1) i2v_widen_bytes(from, scale, row, inputs, values);
            for (int i = 0; column < out && size > 1 && i < inputs; i++) values[i] = value_of(from, row, i);
            assert_true(scales[at] == round_block(values, inputs, I2V_INT8_MOST, wanted));
            for (int i = 0; i < i2v_round_up(inputs, 4); i++) {
                assert_int_equal(((const int8_t *)block)[(i / group * panel + at) * group + i % group], wanted[i]);
            }
        }
    }
    i2v_memory_free(file);
    i2v_memory_free(packed);
}

static void packing(void **state) {
    const i2v_backend *backend;
    for (int v = 0; (backend = variant_at(v)); v++) {
        for (int i = 0; i < 40; i++) {
            i2v_element from = (i2v_element)(i % 5);
            float scale = i2v_element_size(from) == 1 && i % 4 == 0 ? 0.37f : 1;
            check_pack(backend, random_int(1, 600), random_int(1, 70), from, scale);
        }
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        KERNEL_TEST(rounding),
        KERNEL_TEST(rounding_not_finite),
        KERNEL_TEST(products_to_the_bit),
        KERNEL_TEST(largest_products),
        KERNEL_TEST(linear),
        KERNEL_TEST(feed_forward),
        KERNEL_TEST(error_against_f32),
        KERNEL_TEST(packing),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    seed_operands();
    print_instruction_sets();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
