/* The host's memory, for the backends that compute on it. */
#include "backend/plain/plain.h"

#include "base/memory.h"

#include <string.h>

static void *allocate(const i2v_device *device, uint64_t bytes) {
    return i2v_memory_new(bytes);
}

static void zero(const i2v_device *device, void *to, size_t bytes) {
    memset(to, 0, bytes);
}

static void transfer(const i2v_device *device, void *to, const void *from, size_t bytes) {
    memcpy(to, from, bytes);
}

static void copy(const i2v_device *device, void *to, size_t to_stride, const void *from, size_t from_stride,
                 size_t bytes, int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        memmove((char *)to + (size_t)row * to_stride, (const char *)from + (size_t)row * from_stride, bytes);
    }
}

const i2v_backend_memory i2v_plain_memory = {.is_host = 1,
                                             .allocate = allocate,
                                             .free = i2v_memory_free,
                                             .zero = zero,
                                             .write = transfer,
                                             .read = transfer,
                                             .copy = copy};
