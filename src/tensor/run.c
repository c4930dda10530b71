/* Runs and their tensors: tensor/run.h. */
#include "tensor/run.h"

/* More would save next to nothing, and the dry run of the largest videos would take long. */
#define MOST_BATCHES 64

int i2v_run_computes(i2v_run *run) {
    if (run->status) return 0;
    if (run->device.cancel && atomic_load_explicit(run->device.cancel, memory_order_relaxed)) {
        run->status = i2v_fail(run->error, I2V_CANCELLED, "cancelled");
        return 0;
    }
    return !i2v_pool_is_dry(run->pool);
}

void *i2v_run_take(i2v_run *run, uint64_t bytes) {
    if (run->status) return NULL;
    void *memory = i2v_pool_take(run->pool, bytes);
    if (!memory) run->status = i2v_fail_memory(run->error, "the tensors of a forward pass", bytes);
    return memory;
}

static i2v_tensor new_tensor(i2v_run *run, int frames, int height, int width, int channels, i2v_element element) {
    i2v_tensor tensor = {NULL, frames, height, width, channels, element};
    tensor.data = i2v_run_take(run, i2v_tensor_bytes(&tensor));
    return tensor;
}

i2v_tensor i2v_tensor_new(i2v_run *run, int frames, int height, int width, int channels) {
    return new_tensor(run, frames, height, width, channels, run->element);
}

i2v_tensor i2v_tensor_new_f32(i2v_run *run, int frames, int height, int width, int channels) {
    return new_tensor(run, frames, height, width, channels, I2V_ELEMENT_F32);
}

void i2v_tensor_free(i2v_run *run, i2v_tensor *tensor) {
    i2v_pool_give(run->pool, tensor->data);
    tensor->data = NULL;
}

i2v_tensor i2v_tensor_new_over(i2v_run *run, i2v_tensor *x, int height, int width, int channels) {
    i2v_tensor over = {NULL, x->frames, height, width, channels, x->element};
    size_t small = i2v_tensor_bytes(x), large = i2v_tensor_bytes(&over), bytes = small > large ? small : large;
    const void *from = x->data;
    /* what a pool is given back stays as it is until someone writes there */
    i2v_pool_give(run->pool, x->data);
    over.data = i2v_run_take(run, bytes);
    x->data = over.data ? (char *)over.data + (bytes - small) : NULL;
    if (i2v_run_computes(run)) run->backend->memory->copy(&run->device, x->data, small, from, small, small, 1);
    return over;
}

i2v_tensor i2v_tensor_view(const i2v_tensor *tensor, int frames, int height, int width, int channels) {
    return (i2v_tensor){tensor->data, frames, height, width, channels, tensor->element};
}

i2v_tensor i2v_tensor_of_vectors(const float *vectors, int count, int channels) {
    return (i2v_tensor){(void *)(uintptr_t)vectors, count, 1, 1, channels, I2V_ELEMENT_F32};
}

i2v_tensor i2v_tensor_frames(const i2v_tensor *tensor, int first, int count) {
    i2v_tensor frames = *tensor;
    if (!tensor->data) return frames;
    frames.frames = first;
    frames.data = (char *)tensor->data + i2v_tensor_bytes(&frames);
    frames.frames = tensor->frames - first < count ? tensor->frames - first : count;
    return frames;
}

i2v_tensor i2v_tensor_pixels(const i2v_tensor *tensor, int frame, int first, int count) {
    i2v_tensor frames = *tensor, row = {NULL, 1, 1, first, tensor->channels, tensor->element};
    frames.frames = frame;
    if (tensor->data) row.data = (char *)tensor->data + i2v_tensor_bytes(&frames) + i2v_tensor_bytes(&row);
    int left = tensor->height * tensor->width - first;
    row.width = left < count ? left : count;
    return row;
}

int i2v_run_batch(const i2v_run *run, int count, int64_t values) {
    int64_t most = run->trades.batch && values ? run->trades.batch / values : count;
    int64_t least = (count + MOST_BATCHES - 1) / MOST_BATCHES;
    if (most < least) most = least;
    if (most < 1) most = 1;
    int64_t batches = (count + most - 1) / most;
    return batches > 1 ? (int)((count + batches - 1) / batches) : count;
}
