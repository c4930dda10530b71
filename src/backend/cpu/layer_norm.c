/* Layer norm of rows. */
#include "backend/cpu/cpu.h"

#include "base/parallel.h"

#define ROWS 64

typedef struct layer_norm_job {
    const i2v_kernels *kernels;
    const i2v_layer_norm_args *args;
} layer_norm_job;

static void layer_norm_item(void *argument, int64_t item, int thread) {
    const layer_norm_job *job = argument;
    const i2v_layer_norm_args *args = job->args;
    int64_t end = i2v_min((item + 1) * ROWS, args->rows), channels = args->norm->channels;
    for (int64_t row = item * ROWS; row < end; row++) {
        job->kernels->layer_norm(args->norm, args->x + row * channels, (int)channels, I2V_ELEMENT_F32,
                                 args->out + row * channels);
    }
}

size_t i2v_cpu_layer_norm_scratch(const i2v_device *device, const i2v_layer_norm_args *args) {
    return 0;
}

i2v_status i2v_cpu_layer_norm(const i2v_device *device, const i2v_layer_norm_args *args, void *scratch,
                              i2v_error *error) {
    layer_norm_job job = {device->kernels, args};
    i2v_parallel(device->team, i2v_divide_up(args->rows, ROWS), device->cancel, layer_norm_item, &job);
    return I2V_OK;
}
