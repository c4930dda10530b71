/* Scratch memory cut into parts; the same code adds up what will be needed and hands it out. */
#ifndef I2V_BACKEND_CPU_SCRATCH_H
#define I2V_BACKEND_CPU_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct i2v_scratch {
    char *memory; /* NULL: only count */
    size_t used;
} i2v_scratch;

/* The next `bytes`, 64-byte aligned. */
static inline void *i2v_scratch_take(i2v_scratch *scratch, size_t bytes) {
    void *part = scratch->memory ? scratch->memory + scratch->used : NULL;
    scratch->used += (bytes + 63) / 64 * 64;
    return part;
}

static inline float *i2v_scratch_floats(i2v_scratch *scratch, int64_t count) {
    return i2v_scratch_take(scratch, (size_t)count * sizeof(float));
}

/* Like a float array for each thread: *stride floats apart. */
static inline float *i2v_scratch_per_thread(i2v_scratch *scratch, int threads, int64_t count, int64_t *stride) {
    *stride = (count + 15) / 16 * 16;
    return i2v_scratch_floats(scratch, *stride * threads);
}

#endif
