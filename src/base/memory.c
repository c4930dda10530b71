#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ALIGNMENT ((uint64_t)64)
#define HUGE_PAGE ((uint64_t)2 << 20)

void *i2v_memory_new(uint64_t bytes) {
    uint64_t alignment = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
    if (bytes > SIZE_MAX - HUGE_PAGE) return NULL;
    uint64_t whole = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = NULL;
    if (posix_memalign(&memory, (size_t)alignment, (size_t)(whole ? whole : ALIGNMENT))) return NULL;
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE) madvise(memory, (size_t)(whole / HUGE_PAGE * HUGE_PAGE), MADV_HUGEPAGE);
#endif
    return memory;
}
