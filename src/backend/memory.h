/* The memory that a backend's operations work on: tensors, packed weights and vectors, scratch.
 *
 * It may be a device's own. Whoever is not the backend may calculate with its addresses, but reads and writes there
 * through these functions alone, unless the memory is the host's. */
#ifndef I2V_BACKEND_MEMORY_H
#define I2V_BACKEND_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct i2v_device;

typedef struct i2v_backend_memory {
    int is_host; /* 1: the program's own: whoever has an address may read and write there */

    /* `bytes` (at least 1), 64-byte aligned, contents undefined; NULL where there is none. */
    void *(*allocate)(const struct i2v_device *device, uint64_t bytes);
    void (*free)(void *memory); /* NULL is allowed */

    void (*zero)(const struct i2v_device *device, void *to, size_t bytes);
    /* From the host's memory, and to it. */
    void (*write)(const struct i2v_device *device, void *to, const void *host, size_t bytes);
    void (*read)(const struct i2v_device *device, void *host, const void *from, size_t bytes);
    /* `rows` rows of `bytes` each, which begin so many bytes from one another. A row may overlap its copy. */
    void (*copy)(const struct i2v_device *device, void *to, size_t to_stride, const void *from, size_t from_stride,
                 size_t bytes, int64_t rows);
} i2v_backend_memory;

#endif
