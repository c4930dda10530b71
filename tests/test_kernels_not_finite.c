/* NaN and infinities that go into a kernel come out of it, with every instruction set that this machine has: the
 * pipeline looks for them in outputs alone. Minima and maxima, polynomials within bounds and roundings could make
 * numbers of them, and norms, of what overflows. */
#include "kernel_operands.h"

#include "backend/widen.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A place within a vector, the last whole vector's end, and the rest of a row. */
enum { VALUES = 53 };
static const int places[] = {0, 5, 47, 52};

static const float poisons[] = {NAN, INFINITY, -INFINITY};

static int any_not_finite(i2v_element element, const void *values, int64_t count) {
    int found = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = i2v_widen(element, (const char *)values + (size_t)i * i2v_element_size(element));
        found |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return found;
}

/* A kernel on a row x, which may be changed, to out: VALUES of either. */
typedef void (*row_kernel)(const i2v_kernels *kernels, float *x, i2v_element element, void *out);

/* lowest: the least infinity that must come out, as some functions are 0 at the other one. */
static void check_row(const char *what, row_kernel run, float lowest) {
    float x[VALUES];
    char out[VALUES * sizeof(float)];
    const i2v_kernels *kernels;
    for (int v = 0; (kernels = kernels_at(v)); v++) {
        for (size_t i = 0; i < COUNT(poisons) * COUNT(places) * 2; i++) {
            float poison = poisons[i % COUNT(poisons)];
            i2v_element element = i / (COUNT(poisons) * COUNT(places)) ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
            for (int k = 0; k < VALUES; k++) x[k] = (float)k / 10 - 2;
            x[places[i / COUNT(poisons) % COUNT(places)]] = poison;
            run(kernels, x, element, out);
            if (!any_not_finite(element, out, VALUES) && !(poison < lowest)) {
                fail_msg("%s, %s: %g is lost", kernels->name, what, (double)poison);
            }
        }
    }
}

/* ---- functions of one value ---- */

static void run_narrow(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    kernels->narrow(element, x, VALUES, out);
}

static void run_activation(i2v_activation activation, const i2v_kernels *kernels, float *x, i2v_element element,
                           void *out) {
    i2v_epilogue epilogue = i2v_epilogue_plain();
    epilogue.activation = activation;
    kernels->epilogue(&epilogue, x, NULL, 0, 0, VALUES, element, out);
}

static void run_none(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    run_activation(I2V_ACTIVATION_NONE, kernels, x, element, out);
}

static void run_silu(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    run_activation(I2V_ACTIVATION_SILU, kernels, x, element, out);
}

static void run_gelu(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    run_activation(I2V_ACTIVATION_GELU, kernels, x, element, out);
}

static void run_quick_gelu(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    run_activation(I2V_ACTIVATION_QUICK_GELU, kernels, x, element, out);
}

static void run_relu(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    i2v_epilogue epilogue = i2v_epilogue_relu();
    kernels->epilogue(&epilogue, x, NULL, 0, 0, VALUES, element, out);
}

static void run_value(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    float gate[VALUES];
    for (int i = 0; i < VALUES; i++) gate[i] = 1;
    kernels->geglu(x, gate, NULL, NULL, VALUES, element, out);
}

static void run_gate(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    float value[VALUES];
    for (int i = 0; i < VALUES; i++) value[i] = 1;
    kernels->geglu(value, x, NULL, NULL, VALUES, element, out);
}

static void functions(void **state) {
    (void)state;
    check_row("narrow", run_narrow, -INFINITY);
    check_row("bias", run_none, -INFINITY);
    check_row("SiLU", run_silu, -INFINITY);
    check_row("quick GELU", run_quick_gelu, -INFINITY);
    check_row("GELU", run_gelu, 0);
    check_row("ReLU", run_relu, -INFINITY);
    check_row("GEGLU's value", run_value, -INFINITY);
    check_row("GEGLU's gate", run_gate, 0);
}

/* ---- norms ---- */

static void run_layer(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    i2v_norm norm = random_norm(VALUES, 1);
    kernels->layer_norm(&norm, x, VALUES, element, out);
    free_norm(&norm);
}

static void run_normalize(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    float factors[VALUES];
    for (int i = 0; i < VALUES; i++) factors[i] = 1;
    kernels->normalize(I2V_ELEMENT_F32, x, factors, factors, factors, VALUES, I2V_ACTIVATION_SILU, element, out);
}

/* One value whose square overflows. */
static void run_layer_overflow(const i2v_kernels *kernels, float *x, i2v_element element, void *out) {
    for (int i = 0; i < VALUES; i++) x[i] = isfinite(x[i]) ? x[i] : 1e30f;
    run_layer(kernels, x, element, out);
}

static void norms(void **state) {
    (void)state;
    check_row("layer norm", run_layer, -INFINITY);
    check_row("layer norm that overflows", run_layer_overflow, -INFINITY);
    check_row("group norm's factors", run_normalize, -INFINITY);
}

static void group_factors(void **state) {
    (void)state;
    static const float values[] = {NAN, INFINITY, -INFINITY, 1e30f, FLT_MAX};
    const i2v_backend *variant;
    for (int v = 0; (variant = i2v_backend_cpu_variant(v)); v++) {
        for (size_t i = 0; i < COUNT(values) * 2; i++) {
            i2v_element element = i < COUNT(values) ? I2V_ELEMENT_F32 : I2V_ELEMENT_BF16;
            i2v_tensor x = random_tensor(element, 2, 6, 9, 32);
            i2v_norm norm = random_norm(32, 4);
            float *out = floats(2 * 3 * 32);
            uint32_t bits;
            memcpy(&bits, &values[i % COUNT(values)], sizeof bits);
            if (element == I2V_ELEMENT_F32) i2v_tensor_floats(&x)[1000] = values[i % COUNT(values)];
            if (element == I2V_ELEMENT_BF16) ((uint16_t *)x.data)[1000] = (uint16_t)(bits >> 16);
            i2v_group_factors_args args = {.source = {x}, .norm = &norm, .factors = out};
            run_group_factors(variant, 2, &args);
            if (!any_not_finite(I2V_ELEMENT_F32, out, 2 * 3 * 32)) {
                fail_msg("%s: %g is lost", variant->name, (double)values[i % COUNT(values)]);
            }
            free_norm(&norm);
            i2v_memory_free(x.data);
            i2v_memory_free(out);
        }
    }
}

/* ---- products and softmax ---- */

static void set(i2v_element element, void *values, int64_t at, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (element == I2V_ELEMENT_F32) ((float *)values)[at] = value;
    if (element == I2V_ELEMENT_BF16) ((uint16_t *)values)[at] = i2v_narrow_bf16(bits);
}

/* In the activations, then in the weights. */
static void products(void **state) {
    (void)state;
    enum { ROWS = 40, IN = 96, OUT = 80 };
    const i2v_backend *variant;
    for (int v = 0; (variant = i2v_backend_cpu_variant(v)); v++) {
        for (size_t i = 0; i < COUNT(poisons) * 4; i++) {
            i2v_element element = i / COUNT(poisons) % 2 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
            i2v_linear weights = random_linear(IN, OUT, 1, element);
            weights.parts[0].filter.input = element;
            void *x = random_values(element, ROWS * IN, 0, 1), *out = floats(ROWS * OUT);
            int in_weights = i >= COUNT(poisons) * 2;
            set(element, in_weights ? (void *)(uintptr_t)weights.parts[0].filter.packed : x, 7 * IN + 95,
                poisons[i % COUNT(poisons)]);
            i2v_linear_args args = {.rows = ROWS,
                                    .source = {x},
                                    .source_channels = {IN},
                                    .element = element,
                                    .weights = &weights,
                                    .epilogue = i2v_epilogue_plain(),
                                    .out_element = element,
                                    .out = out};
            run_linear(variant, 2, &args);
            int64_t first = in_weights ? 0 : 7 * OUT;
            void *at = (char *)out + (size_t)first * i2v_element_size(element);
            if (!any_not_finite(element, at, OUT)) fail_msg("%s: a product loses a value", variant->name);
            free_linear(&weights);
            i2v_memory_free(x);
            i2v_memory_free(out);
        }
    }
}

/* One of a query's, a key's and a value's numbers. A score of -infinity is a weight of 0 for its key, and no loss. */
static void attention(void **state) {
    (void)state;
    enum { TOKENS = 150, CHANNELS = 32 };
    const i2v_backend *variant;
    for (int v = 0; (variant = i2v_backend_cpu_variant(v)); v++) {
        for (size_t i = 0; i < 3 * 2 * 2; i++) {
            i2v_element element = i % 2 ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
            void *qkv = random_values(element, TOKENS * 3 * CHANNELS, 0, 1), *out = floats(TOKENS * CHANNELS);
            size_t size = i2v_element_size(element);
            set(element, qkv, 61 * 3 * CHANNELS + (int64_t)(i / 2 % 3) * CHANNELS + 9, i < 6 ? NAN : INFINITY);
            i2v_attention_args args = {.q = qkv,
                                       .k = (char *)qkv + CHANNELS * size,
                                       .v = (char *)qkv + 2 * CHANNELS * size,
                                       .out = out,
                                       .element = element,
                                       .outer = 1,
                                       .inner = 1,
                                       .tokens = TOKENS,
                                       .heads = 1,
                                       .head_dim = CHANNELS,
                                       .scale = 0.2f,
                                       .token_stride = 3 * CHANNELS,
                                       .out_token_stride = CHANNELS};
            run_attention(variant, 2, &args);
            if (!any_not_finite(element, out, TOKENS * CHANNELS)) fail_msg("%s: attention %zu", variant->name, i);
            i2v_memory_free(qkv);
            i2v_memory_free(out);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(functions), cmocka_unit_test(norms),
                                       cmocka_unit_test(group_factors), cmocka_unit_test(products),
                                       cmocka_unit_test(attention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
