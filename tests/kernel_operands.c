/* Random operands of the backends' operations, and one operation run on them. */
#include "kernel_operands.h"

#include "base/half.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cases ---- */

static uint64_t seed = 88172645463325252u;
static uint64_t random_state = 88172645463325252u;
static char case_name[256];
static const char *case_set;

void seed_operands(void) {
    const char *text = getenv("I2V_TEST_SEED");
    if (text && *text) seed = strtoull(text, NULL, 10);
    if (!seed) seed = 1; /* from 0 the generator makes nothing but zeros */
    random_state = seed;
}

void begin_case(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(case_name, sizeof case_name, format, arguments);
    va_end(arguments);
    case_set = NULL;
}

void case_runs_on(const char *set) {
    case_set = set;
}

void run_cases(void **state) {
    const cases *test = *state;
    case_name[0] = '\0';
    case_set = NULL;
    test->run(state);
    case_name[0] = '\0';
    case_set = NULL;
}

int print_failed_case(void **state) {
    (void)state;
    if (!case_name[0] && !case_set) return 0;
    print_error("the case that failed: %s, on %s, with I2V_TEST_SEED=%" PRIu64 "\n", case_name[0] ? case_name : "all",
                case_set ? case_set : "every instruction set", seed);
    return 0;
}

/* ---- random values ---- */

static uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

int random_int(int low, int high) {
    return low + (int)(random_bits() >> 33) % (high - low + 1);
}

/* Mean 0, standard deviation 1, nearly normal. */
static float random_value(void) {
    double sum = 0;
    for (int i = 0; i < 4; i++) sum += (double)(random_bits() >> 40) / (1 << 24) - 0.5;
    return (float)(sum * sqrt(3));
}

float *floats(int64_t count) {
    void *data = i2v_memory_new((uint64_t)(count * 4 + 127) / 64 * 64);
    assert_non_null(data);
    return data;
}

float *random_floats(int64_t count, float mean, float deviation) {
    float *data = floats(count);
    for (int64_t i = 0; i < count; i++) data[i] = mean + deviation * random_value();
    return data;
}

/* values, which it frees, stored as element. */
static void *stored_as(i2v_element element, float *values, int64_t count) {
    if (element == I2V_ELEMENT_F32) return values;
    uint16_t *halves = (uint16_t *)floats(count);
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        halves[i] = element == I2V_ELEMENT_F16 ? i2v_narrow_f16(bits) : i2v_narrow_bf16(bits);
    }
    i2v_memory_free(values);
    return halves;
}

void *random_values(i2v_element element, int64_t count, float mean, float deviation) {
    return stored_as(element, random_floats(count, mean, deviation), count);
}

i2v_tensor random_tensor(i2v_element element, int frames, int height, int width, int channels) {
    i2v_tensor tensor = {NULL, frames, height, width, channels, element};
    tensor.data = random_values(element, i2v_tensor_count(&tensor), 0, 1);
    return tensor;
}

void *guarded(size_t size) {
    unsigned char *memory = i2v_memory_new((size + 127) / 64 * 64);
    assert_non_null(memory);
    memset(memory, 0xff, (size + 127) / 64 * 64); /* every float is NaN */
    return memory;
}

void check_guard(const void *memory, size_t size) {
    const unsigned char *bytes = memory;
    for (size_t i = size; i < (size + 127) / 64 * 64; i++) assert_int_equal(bytes[i], 0xff);
}

i2v_norm random_norm(int channels, int groups) {
    return (i2v_norm){.weight = random_floats(channels, 1, 0.3f),
                      .bias = random_floats(channels, 0, 0.3f),
                      .channels = channels,
                      .groups = groups,
                      .epsilon = 1e-5f};
}

void free_norm(const i2v_norm *norm) {
    i2v_memory_free((void *)norm->weight);
    i2v_memory_free((void *)norm->bias);
}

i2v_filter random_filter(int in, int out, int taps, i2v_element element) {
    int64_t count = (int64_t)in * out * taps;
    void *values = random_values(element, count, 0, 1 / sqrtf((float)in * (float)taps));
    return (i2v_filter){.in = in, .out = out, .taps = taps, .element = element, .packed = values};
}

static i2v_filter pack_from(const i2v_backend *backend, i2v_filter raw, i2v_element from) {
    i2v_device device = {.kernels = backend->kernels};
    raw.packing = backend->choose_packing(&device, raw.element, raw.input, raw.in, raw.taps);
    size_t size = backend->filter_size(&device, &raw);
    void *packed = guarded(size);
    i2v_source source = {.bytes.data = raw.packed, .element = from, .scale = 1};
    assert_int_equal(backend->filter_pack(&device, &raw, &source, NULL, packed, NULL), I2V_OK);
    check_guard(packed, size);
    raw.packed = packed;
    return raw;
}

i2v_filter pack(const i2v_backend *backend, i2v_filter raw) {
    return pack_from(backend, raw, raw.element);
}

i2v_filter pack_int8(const i2v_backend *backend, i2v_filter raw) {
    i2v_element from = raw.element;
    raw.element = I2V_ELEMENT_INT8;
    return pack_from(backend, raw, from);
}

i2v_linear random_linear(int in, int out, int parts, i2v_element element) {
    i2v_linear linear = {.in = in, .out = out, .parts_count = parts};
    for (int p = 0; p < parts; p++) {
        int columns = p < parts - 1 ? out / parts : out;
        out -= columns;
        linear.parts[p].filter = random_filter(in, columns, 1, element);
        if (p != 1) linear.parts[p].bias = random_floats(columns, 0, 1);
    }
    return linear;
}

void meet(i2v_linear *linear, i2v_element activations) {
    for (int p = 0; p < linear->parts_count; p++) {
        i2v_filter *filter = &linear->parts[p].filter;
        filter->input = activations;
        if (filter->element == I2V_ELEMENT_BF16) filter->input = random_int(0, 1) ? I2V_ELEMENT_BF16 : I2V_ELEMENT_F32;
    }
}

i2v_linear pack_linear(const i2v_backend *backend, i2v_linear raw) {
    for (int p = 0; p < raw.parts_count; p++) raw.parts[p].filter = pack(backend, raw.parts[p].filter);
    return raw;
}

i2v_linear pack_linear_int8(const i2v_backend *backend, i2v_linear raw) {
    for (int p = 0; p < raw.parts_count; p++) raw.parts[p].filter = pack_int8(backend, raw.parts[p].filter);
    return raw;
}

void free_packed(const i2v_linear *linear) {
    for (int p = 0; p < linear->parts_count; p++) i2v_memory_free((void *)linear->parts[p].filter.packed);
}

void free_linear(const i2v_linear *linear) {
    free_packed(linear);
    for (int p = 0; p < linear->parts_count; p++) i2v_memory_free((void *)linear->parts[p].bias);
}

static const i2v_kernels *const all_kernels[] = {
    &i2v_kernels_baseline,
#if defined(__x86_64__)
    &i2v_kernels_avx2,        &i2v_kernels_avx_vnni, &i2v_kernels_avx512, &i2v_kernels_avx512_vnni,
    &i2v_kernels_avx512_bf16, &i2v_kernels_amx
#elif defined(__aarch64__)
    &i2v_kernels_neon_dot
#endif
};

const i2v_kernels *kernels_at(int index) {
    const i2v_backend *backend = i2v_backend_cpu_variant(index);
    if (backend) case_runs_on(backend->name);
    return backend ? backend->kernels : NULL;
}

static int is_tested(const i2v_kernels *kernels) {
    const i2v_backend *backend;
    for (int v = 0; (backend = i2v_backend_cpu_variant(v)); v++) {
        if (backend->kernels == kernels) return 1;
    }
    return 0;
}

void print_instruction_sets(void) {
    size_t count = sizeof all_kernels / sizeof *all_kernels;
    for (int tested = 1; tested >= 0; tested--) {
        const char *before = tested ? "instruction sets tested: " : "; not on this CPU: ";
        for (size_t i = 0; i < count; i++) {
            if (is_tested(all_kernels[i]) != tested) continue;
            print_message("%s%s", before, all_kernels[i]->name);
            before = ", ";
        }
    }
    print_message("; I2V_TEST_SEED=%" PRIu64 "\n", seed);
}

i2v_conv conv_of(int in, int out, int kernel, int stride, int pad_before, int pad_after) {
    return (i2v_conv){
        .in = in, .out = out, .kernel = kernel, .stride = stride, .pad_before = pad_before, .pad_after = pad_after};
}

void run_group_factors(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, group_factors, (const i2v_group_factors_args *)args);
}

void run_layer_norm(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, layer_norm, (const i2v_layer_norm_args *)args);
}

void run_attention(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, attention, (const i2v_attention_args *)args);
}

void run_packed_linear(const i2v_backend *backend, int threads, const void *args) {
    RUN(backend, threads, linear, (const i2v_linear_args *)args);
}

void run_linear(const i2v_backend *backend, int threads, const void *argument) {
    i2v_linear_args args = *(const i2v_linear_args *)argument;
    i2v_linear weights = pack_linear(backend, *args.weights);
    args.weights = &weights;
    run_packed_linear(backend, threads, &args);
    free_packed(&weights);
}
