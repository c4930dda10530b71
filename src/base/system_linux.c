/* What is Linux's own; the rest is system_posix.c. */
#include "base/cpu_quota.h"
#include "base/free_memory.h"
#include "base/kernel_files.h"
#include "base/system.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- processors and memory -------------------------------------------------------------------------------------- */

/* A machine may have more processors than the set, which sched_getaffinity then refuses. */
static int bound_to(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? count : 1;
}

int i2v_system_processors(void) {
    int bound = bound_to(), quota = i2v_cpu_quota_under("");
    return quota < bound ? quota : bound;
}

/* Linux has a process ask for the tiles' registers; then all of its threads have them. It refuses where a thread's
 * stack for signals is too small to save them. */
int i2v_system_allow_tiles(void) {
#ifdef SYS_arch_prctl
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA */
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return 0;
#endif
}

int i2v_system_has_dot_products(void) {
    enum { ASIMDDP = 1 << 20 }; /* HWCAP_ASIMDDP of AArch64 */
    return (getauxval(AT_HWCAP) & ASIMDDP) != 0;
}

static uint64_t limit_of(int resource) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return limit.rlim_cur;
}

uint64_t i2v_system_free_memory(void) {
    return i2v_free_memory_under("", (i2v_memory_limits){limit_of(RLIMIT_DATA), limit_of(RLIMIT_AS)});
}

uint64_t i2v_system_last_cache(void) {
#ifdef _SC_LEVEL3_CACHE_SIZE
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return cache > 0 ? (uint64_t)cache : 0;
#else
    return 0;
#endif
}

void i2v_system_prefer_huge_pages(void *memory, size_t size) {
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE);
#endif
}

void i2v_system_wipe(void *memory, size_t size) {
    explicit_bzero(memory, size);
}

/* ---- processes -------------------------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint32_t mix(uint32_t hash, const char *text) {
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

uint32_t i2v_system_process_space(void) {
    char start[I2V_KERNEL_LINE], space[64];
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    if (length < 0 || !i2v_kernel_first_line("", "/proc/sys/kernel/random/", "boot_id", start)) return 0;
    space[length] = '\0';
    return mix(mix(2166136261u, start), space);
}

/* ---- files and the network -------------------------------------------------------------------------------------- */

void i2v_system_expect(int descriptor, uint64_t offset, uint64_t count) {
    posix_fadvise(descriptor, (off_t)offset, (off_t)count, POSIX_FADV_WILLNEED);
}

int i2v_system_flush(int descriptor) {
    return fdatasync(descriptor);
}

int64_t i2v_system_changed_at(int descriptor, const struct stat *info) {
    return (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

int i2v_system_socket(int family, int type, int protocol) {
    return socket(family, type | SOCK_CLOEXEC, protocol);
}
