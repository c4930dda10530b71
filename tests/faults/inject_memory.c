/* Allocations and threads: the names are taken from the C library, whose own calls of them come here, too. */
#include "inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/* glibc's own, under the names that it keeps for this use. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static int fails(const void *caller) {
    if (!fault_strikes(FAULT_MEMORY, caller)) return 0;
    errno = ENOMEM;
    return 1;
}

EXPORTED void *malloc(size_t size) {
    return fails(CALLER) ? NULL : __libc_malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size) {
    return fails(CALLER) ? NULL : __libc_calloc(count, size);
}

EXPORTED void *realloc(void *old, size_t size) {
    return fails(CALLER) ? NULL : __libc_realloc(old, size);
}

EXPORTED void *reallocarray(void *old, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || fails(CALLER)) return NULL;
    return __libc_realloc(old, bytes);
}

EXPORTED void *memalign(size_t alignment, size_t size) {
    return fails(CALLER) ? NULL : __libc_memalign(alignment, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    return fails(CALLER) ? NULL : __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **out, size_t alignment, size_t size) {
    if (fails(CALLER)) return ENOMEM;
    void *block = __libc_memalign(alignment, size);
    if (!block) return ENOMEM;
    *out = block;
    return 0;
}

/* Files that are mapped are system calls on files. */
EXPORTED void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
    if (flags & MAP_ANONYMOUS && fails(CALLER)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
}

typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *user) {
    static create_function real;
    if (!real) real = (create_function)dlsym(RTLD_NEXT, "pthread_create");
    if (fault_strikes(FAULT_THREADS, CALLER)) return EAGAIN;
    return real(thread, attributes, start, user);
}
