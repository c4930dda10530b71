/* Operations that move or add without products. */
#include "backend/plain/plain.h"

#include "base/parallel.h"

#include <string.h>

size_t i2v_plain_add_vectors_scratch(const i2v_device *device, const i2v_add_vectors_args *args) {
    return 0;
}

static void add_vector_row(void *argument, int64_t row, int thread) {
    const i2v_add_vectors_args *args = argument;
    int channels = args->x.channels;
    int64_t frame = row / ((int64_t)args->x.height * args->x.width);
    for (int c = 0; c < channels; c++) {
        double x = i2v_plain_get(args->x.element, args->x.data, row * channels + c);
        i2v_plain_set(args->out.element, args->out.data, row * channels + c, x + args->vectors[frame * channels + c]);
    }
}

i2v_status i2v_plain_add_vectors(const i2v_device *device, const i2v_add_vectors_args *args, void *scratch,
                                 i2v_error *error) {
    i2v_parallel(device->team, i2v_tensor_rows(&args->x), device->cancel, add_vector_row, (void *)args);
    return I2V_OK;
}

size_t i2v_plain_upsample_scratch(const i2v_device *device, const i2v_upsample_args *args) {
    return 0;
}

static void upsample_line(void *argument, int64_t line, int thread) {
    const i2v_upsample_args *args = argument;
    int64_t frame = line / args->out.height, y = line % args->out.height;
    size_t pixel = (size_t)args->x.channels * i2v_element_size(args->x.element);
    for (int x = 0; x < args->out.width; x++) {
        int64_t from = (frame * args->x.height + (y >> 1)) * args->x.width + (x >> 1);
        int64_t to = line * args->out.width + x;
        memcpy((char *)args->out.data + (size_t)to * pixel, (const char *)args->x.data + (size_t)from * pixel, pixel);
    }
}

i2v_status i2v_plain_upsample(const i2v_device *device, const i2v_upsample_args *args, void *scratch,
                              i2v_error *error) {
    int64_t lines = (int64_t)args->out.frames * args->out.height;
    i2v_parallel(device->team, lines, device->cancel, upsample_line, (void *)args);
    return I2V_OK;
}
