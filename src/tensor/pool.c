/* The memory of a forward pass: one block, cut first-fit. */
#include "tensor/pool.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64u

/* Dry pools count from here, so that no address they hand out is NULL. */
#define DRY_BASE ((uintptr_t)1 << 20)

typedef struct {
    uint64_t offset, size;
} used_block;

struct i2v_pool {
    const i2v_backend_memory *owner; /* of memory */
    uint8_t *memory;                 /* NULL: dry */
    uint64_t capacity, peak;
    used_block *used; /* ordered by offset */
    size_t count, room;
};

i2v_status i2v_pool_new(i2v_pool **pool, const i2v_backend *backend, const i2v_device *device, uint64_t capacity,
                        i2v_error *error) {
    *pool = calloc(1, sizeof **pool);
    if (!*pool) return i2v_fail_memory(error, "a memory pool", sizeof **pool);
    if (capacity == 0) {
        (*pool)->capacity = UINT64_MAX / 2;
        return I2V_OK;
    }
    capacity = (capacity + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    (*pool)->owner = backend->memory;
    (*pool)->memory = backend->memory->allocate(device, capacity);
    if (!(*pool)->memory) {
        free(*pool);
        *pool = NULL;
        return i2v_fail_memory(error, "the tensors of a forward pass", capacity);
    }
    (*pool)->capacity = capacity;
    return I2V_OK;
}

void i2v_pool_free(i2v_pool *pool) {
    if (!pool) return;
    if (pool->memory) pool->owner->free(pool->memory);
    free(pool->used);
    free(pool);
}

/* Index in `used` before which a block of `size` bytes fits first; *offset is where. */
static size_t first_fit(const i2v_pool *pool, uint64_t size, uint64_t *offset) {
    uint64_t end = 0;
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->used[i].offset - end >= size) {
            *offset = end;
            return i;
        }
        end = pool->used[i].offset + pool->used[i].size;
    }
    *offset = end;
    return pool->count;
}

void *i2v_pool_take(i2v_pool *pool, uint64_t bytes) {
    if (bytes > pool->capacity) return NULL;
    uint64_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0) size = ALIGNMENT;
    if (pool->count == pool->room) {
        size_t room = pool->room ? 2 * pool->room : 64;
        used_block *grown = realloc(pool->used, room * sizeof *grown);
        if (!grown) return NULL;
        pool->used = grown;
        pool->room = room;
    }
    uint64_t offset = 0;
    size_t index = first_fit(pool, size, &offset);
    if (offset > pool->capacity - size || size > pool->capacity) return NULL;
    memmove(pool->used + index + 1, pool->used + index, (pool->count - index) * sizeof *pool->used);
    pool->used[index] = (used_block){offset, size};
    pool->count++;
    if (offset + size > pool->peak) pool->peak = offset + size;
    return pool->memory ? (void *)(pool->memory + offset) : (void *)(DRY_BASE + (uintptr_t)offset);
}

void i2v_pool_give(i2v_pool *pool, void *memory) {
    if (!memory) return;
    uintptr_t base = pool->memory ? (uintptr_t)pool->memory : DRY_BASE;
    uint64_t offset = (uintptr_t)memory - base;
    for (size_t i = pool->count; i-- > 0;) {
        if (pool->used[i].offset != offset) continue;
        pool->count--;
        memmove(pool->used + i, pool->used + i + 1, (pool->count - i) * sizeof *pool->used);
        return;
    }
}

uint64_t i2v_pool_peak(const i2v_pool *pool) {
    return pool->peak;
}

int i2v_pool_is_dry(const i2v_pool *pool) {
    return pool->memory == NULL;
}
