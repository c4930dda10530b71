/* What is macOS's own; the rest is system_posix.c. */
#define __STDC_WANT_LIB_EXT1__ 1 /* memset_s */
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <mach/mach.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- processors and memory -------------------------------------------------------------------------------------- */

/* macOS binds no process to processors. */
int i2v_system_processors(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

int i2v_system_allow_tiles(void) {
    return 0; /* no Mac has them */
}

int i2v_system_has_dot_products(void) {
    return 1; /* every Mac of AArch64 has them */
}

/* What can be given without swapping: pages that are free or that were not used for long. */
static uint64_t free_pages(void) {
    vm_statistics64_data_t info;
    mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
    mach_port_t host = mach_host_self();
    kern_return_t code = host_statistics64(host, HOST_VM_INFO64, (host_info64_t)&info, &count);
    mach_port_deallocate(mach_task_self(), host);
    if (code != KERN_SUCCESS) return UINT64_MAX;
    return ((uint64_t)info.free_count + info.inactive_count) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The limit of the data segment is the only one that the kernel keeps, and it counts no mapped memory: it is taken as
 * it stands. */
uint64_t i2v_system_free_memory(void) {
    struct rlimit limit;
    uint64_t bytes = free_pages();
    if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes)
        bytes = limit.rlim_cur;
    return bytes;
}

uint64_t i2v_system_last_cache(void) {
    uint64_t bytes = 0;
    size_t size = sizeof bytes;
    if (sysctlbyname("hw.l3cachesize", &bytes, &size, NULL, 0) == 0 && size == sizeof bytes && bytes) return bytes;
    size = sizeof bytes;
    return sysctlbyname("hw.l2cachesize", &bytes, &size, NULL, 0) == 0 && size == sizeof bytes ? bytes : 0;
}

void i2v_system_prefer_huge_pages(void *memory, size_t size) {
    (void)memory; /* macOS chooses its pages itself */
    (void)size;
}

void i2v_system_wipe(void *memory, size_t size) {
    memset_s(memory, size, 0, size);
}

/* ---- processes -------------------------------------------------------------------------------------------------- */

/* A Mac's processes are all in one space; when it was started tells it from other machines. */
uint32_t i2v_system_process_space(void) {
    struct timeval start = {0};
    size_t size = sizeof start;
    if (sysctlbyname("kern.boottime", &start, &size, NULL, 0) != 0) return 0;
    return ((uint32_t)start.tv_sec ^ (uint32_t)start.tv_usec << 12) | 1;
}

/* ---- files and the network -------------------------------------------------------------------------------------- */

/* One call takes an int of bytes. */
void i2v_system_expect(int descriptor, uint64_t offset, uint64_t count) {
    enum { MOST = 1 << 30 };
    struct radvisory advice = {.ra_offset = (off_t)offset, .ra_count = count < MOST ? (int)count : MOST};
    fcntl(descriptor, F_RDADVISE, &advice);
}

/* fsync leaves it in the disk's own memory; not all file systems can do more. */
int i2v_system_flush(int descriptor) {
    return fcntl(descriptor, F_FULLFSYNC) == 0 ? 0 : fsync(descriptor);
}

int64_t i2v_system_changed_at(int descriptor, const struct stat *info) {
    return (int64_t)info->st_mtimespec.tv_sec * 1000000000 + info->st_mtimespec.tv_nsec;
}

int i2v_system_socket(int family, int type, int protocol) {
    int descriptor = socket(family, type, protocol);
    if (descriptor >= 0) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}
