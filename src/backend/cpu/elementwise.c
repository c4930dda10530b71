/* Additions without products. */
#include "backend/cpu/cpu.h"

#include "base/parallel.h"

#define ROWS 64

typedef struct add_vectors_job {
    const i2v_kernels *kernels;
    const i2v_add_vectors_args *args;
} add_vectors_job;

static void add_vectors_item(void *argument, int64_t item, int thread) {
    const add_vectors_job *job = argument;
    const i2v_tensor *x = &job->args->x;
    int64_t end = i2v_min((item + 1) * ROWS, i2v_tensor_rows(x)), pixels = (int64_t)x->height * x->width;
    for (int64_t row = item * ROWS; row < end; row++) {
        job->kernels->add(x->data + row * x->channels, job->args->vectors + row / pixels * x->channels, x->channels,
                          job->args->out.data + row * x->channels);
    }
}

size_t i2v_cpu_add_vectors_scratch(const i2v_kernels *kernels, const i2v_device *device,
                                   const i2v_add_vectors_args *args) {
    return 0;
}

i2v_status i2v_cpu_add_vectors(const i2v_kernels *kernels, const i2v_device *device, const i2v_add_vectors_args *args,
                               void *scratch, i2v_error *error) {
    add_vectors_job job = {kernels, args};
    i2v_parallel(device->team, i2v_tiles(i2v_tensor_rows(&args->x), ROWS), device->cancel, add_vectors_item, &job);
    return I2V_OK;
}
