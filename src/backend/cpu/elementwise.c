/* Additions without products. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/scratch.h"

#include "base/parallel.h"

#define ROWS 64

typedef struct add_vectors_job {
    const i2v_kernels *kernels;
    const i2v_add_vectors_args *args;
    float *sum; /* per thread: a row */
    int64_t sum_stride;
} add_vectors_job;

static size_t plan(add_vectors_job *job, const i2v_device *device, const i2v_add_vectors_args *args, void *memory) {
    const i2v_kernels *kernels = device->kernels;
    i2v_scratch scratch = {memory, 0};
    *job = (add_vectors_job){.kernels = kernels, .args = args};
    job->sum = i2v_scratch_per_thread(&scratch, i2v_team_size(device->team), args->x.channels, &job->sum_stride);
    return scratch.used;
}

static void add_vectors_item(void *argument, int64_t item, int thread) {
    const add_vectors_job *job = argument;
    const i2v_tensor *x = &job->args->x;
    int64_t end = i2v_min((item + 1) * ROWS, i2v_tensor_rows(x)), pixels = (int64_t)x->height * x->width;
    float *sum = job->sum + thread * job->sum_stride;
    for (int64_t row = item * ROWS; row < end; row++) {
        size_t at = (size_t)(row * x->channels) * i2v_element_size(x->element);
        job->kernels->widen(x->element, (const char *)x->data + at, x->channels, sum);
        job->kernels->add(sum, job->args->vectors + row / pixels * x->channels, x->channels, sum);
        job->kernels->narrow(x->element, sum, x->channels, (char *)job->args->out.data + at);
    }
}

size_t i2v_cpu_add_vectors_scratch(const i2v_device *device, const i2v_add_vectors_args *args) {
    add_vectors_job job;
    return plan(&job, device, args, NULL);
}

i2v_status i2v_cpu_add_vectors(const i2v_device *device, const i2v_add_vectors_args *args, void *scratch,
                               i2v_error *error) {
    add_vectors_job job;
    plan(&job, device, args, scratch);
    i2v_parallel(device->team, i2v_divide_up(i2v_tensor_rows(&args->x), ROWS), device->cancel, add_vectors_item, &job);
    return I2V_OK;
}
