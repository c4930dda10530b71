/* Random operands of the backends' operations, one operation run on them, and the name of the case that is run; for
 * test_kernels and its benchmark. */
#ifndef I2V_TESTS_KERNEL_OPERANDS_H
#define I2V_TESTS_KERNEL_OPERANDS_H

#include "backend/cpu/cpu.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "tensor/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- cases ---- */

/* The seed of all random values: I2V_TEST_SEED in the environment, or a fixed one. */
void seed_operands(void);
/* Prints which instruction sets are tested, and which this CPU lacks. */
void print_instruction_sets(void);
/* Names what is about to be tested, operation and sizes; what fails from then on is said to be of it. */
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Names the instruction set that it is tested with. */
void case_runs_on(const char *set);

/* A test of cases for a table of cmocka's: a failed one prints its case, the instruction set and the seed. */
typedef struct cases {
    void (*run)(void **state);
} cases;
#define KERNEL_TEST(test)                                                                                              \
    {                                                                                                                  \
#test, run_cases, NULL, print_failed_case, &(cases) {                                                          \
            test                                                                                                       \
        }                                                                                                              \
    }
void run_cases(void **state);
int print_failed_case(void **state);

/* ---- random values, for i2v_memory_free ---- */

int random_int(int low, int high);
float *floats(int64_t count); /* not set */
float *random_floats(int64_t count, float mean, float deviation);
void *random_values(i2v_element element, int64_t count, float mean, float deviation);
i2v_tensor random_tensor(i2v_element element, int frames, int height, int width, int channels);

i2v_norm random_norm(int channels, int groups);
void free_norm(const i2v_norm *norm);

i2v_conv conv_of(int in, int out, int kernel, int stride, int pad_before, int pad_after);
/* Random weights as a file keeps them: `packed` of the filter is f32, f16 or bf16 values [out, in, taps]. */
i2v_filter random_filter(int in, int out, int taps, i2v_element element);
/* Parts of random widths of out columns together. */
i2v_linear random_linear(int in, int out, int parts, i2v_element element);
/* Says which activations the weights are to meet; those of bf16 lose nothing if it turns out to be the other ones. */
void meet(i2v_linear *linear, i2v_element activations);
/* In the backend's layout. */
i2v_filter pack(const i2v_backend *backend, i2v_filter raw);
i2v_linear pack_linear(const i2v_backend *backend, i2v_linear raw);
/* As int8. */
i2v_filter pack_int8(const i2v_backend *backend, i2v_filter raw);
i2v_linear pack_linear_int8(const i2v_backend *backend, i2v_linear raw);
void free_packed(const i2v_linear *linear); /* not the biases */
void free_linear(const i2v_linear *linear);

/* ---- running ---- */

/* Memory of NaNs, and whether what lies beyond its size still is as it was. */
void *guarded(size_t size);
void check_guard(const void *memory, size_t size);

/* Runs the operation with scratch memory that holds NaN and ends in a guard. */
#define RUN(backend, threads_, operation, args)                                                                        \
    do {                                                                                                               \
        i2v_device device = {.kernels = (backend)->kernels};                                                           \
        case_runs_on((backend)->name);                                                                                 \
        assert_int_equal(i2v_team_new(&device.team, threads_, NULL), I2V_OK);                                          \
        i2v_error error = {0};                                                                                         \
        size_t size = (backend)->operation##_scratch(&device, args);                                                   \
        void *scratch = guarded(size);                                                                                 \
        i2v_status status = (backend)->operation(&device, args, scratch, &error);                                      \
        if (status) print_error("%s: %s\n", (backend)->name, error.message);                                           \
        assert_int_equal(status, I2V_OK);                                                                              \
        check_guard(scratch, size);                                                                                    \
        i2v_team_free(device.team);                                                                                    \
        i2v_memory_free(scratch);                                                                                      \
    } while (0)

typedef void (*runner)(const i2v_backend *backend, int threads, const void *args);

void run_attention(const i2v_backend *backend, int threads, const void *args);
void run_group_factors(const i2v_backend *backend, int threads, const void *args);
void run_layer_norm(const i2v_backend *backend, int threads, const void *args);
void run_packed_linear(const i2v_backend *backend, int threads, const void *args);
/* Packs the weights first, which are as a file keeps them. */
void run_linear(const i2v_backend *backend, int threads, const void *args);

/* Those of i2v_backend_cpu_variant(index). */
const i2v_kernels *kernels_at(int index);

#endif
