/* Allocation of large memory for tensors and weights. */
#include "base/memory.h"

#include "base/system.h"

#define ALIGNMENT ((uint64_t)64)
#define HUGE_PAGE ((uint64_t)2 << 20)

void *i2v_memory_new(uint64_t bytes) {
    uint64_t alignment = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
    if (bytes > SIZE_MAX - HUGE_PAGE) return NULL;
    uint64_t whole = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = i2v_system_aligned((size_t)alignment, (size_t)(whole ? whole : ALIGNMENT));
    if (memory && alignment == HUGE_PAGE) i2v_system_prefer_huge_pages(memory, (size_t)(whole / HUGE_PAGE * HUGE_PAGE));
    return memory;
}

void i2v_memory_free(void *memory) {
    i2v_system_free_aligned(memory);
}
