/* The CPU backend's operations against the plain backend's. */
#include "kernel_compare.h"

#include "backend/widen.h"

#include <math.h>
#include <string.h>

float value_of(i2v_element element, const void *values, int64_t i) {
    uint32_t bits = i2v_widen(element, (const char *)values + (size_t)i * i2v_element_size(element));
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void check_close(const operation *op, const char *variant, const void *expected, double tolerance) {
    double largest = 0, error = 0;
    for (int64_t i = 0; i < op->count; i++) {
        double wanted = (double)value_of(op->element, expected, i);
        double difference = fabs(wanted - (double)value_of(op->element, op->out, i));
        if (isnan(difference) || difference > error) error = difference; /* nothing is more than NaN */
        if (fabs(wanted) > largest) largest = fabs(wanted);
    }
    if (!(error <= tolerance * largest)) fail_msg("%s: off by %g of %g", variant, error, largest);
}

void compare_variants(const operation *op, variant_list variants, tolerances within) {
    static const int threads[] = {1, 2, 3, 5};
    size_t bytes = (size_t)op->count * i2v_element_size(op->element);
    float *initial = floats(op->count), *expected = floats(op->count), *first = floats(op->count);
    memcpy(initial, op->out, bytes);
    op->run(i2v_backend_plain(), 2, op->args);
    memcpy(expected, op->out, bytes);
    const i2v_backend *variant;
    for (int v = 0; (variant = variants(v)); v++) {
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            memcpy(op->out, initial, bytes);
            op->run(variant, threads[t], op->args);
            if (t == 0) memcpy(first, op->out, bytes);
            check_close(op, variant->name, expected, variant->multiplies_bf16 ? within.bf16 : within.f32);
            assert_memory_equal(first, op->out, bytes);
        }
    }
    i2v_memory_free(initial);
    i2v_memory_free(expected);
    i2v_memory_free(first);
}
