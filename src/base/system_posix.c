/* What Linux and macOS have in common. */
#include "base/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- memory and threads ----------------------------------------------------------------------------------------- */

uint64_t i2v_system_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

void *i2v_system_aligned(size_t alignment, size_t size) {
    void *memory = NULL;
    return posix_memalign(&memory, alignment, size) ? NULL : memory;
}

void i2v_system_free_aligned(void *memory) {
    free(memory);
}

int i2v_system_start_thread(pthread_t *thread, size_t stack, void *(*main)(void *argument), void *argument) {
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, &attributes, main, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return code;
}

/* ---- files that are read ---------------------------------------------------------------------------------------- */

/* O_NONBLOCK means nothing to regular files. */
int i2v_system_open(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int i2v_system_wait(int descriptor, int milliseconds) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int ready = poll(&wanted, 1, milliseconds);
    return ready > 0 ? 1 : ready;
}

ssize_t i2v_system_read_at(int descriptor, void *buffer, size_t size, uint64_t offset) {
    return pread(descriptor, buffer, size, (off_t)offset);
}

void *i2v_system_map(int descriptor, size_t size) {
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    return data == MAP_FAILED ? NULL : data;
}

void i2v_system_unmap(void *data, size_t size) {
    munmap(data, size);
}

int i2v_system_is_link(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

/* ---- files that are written ------------------------------------------------------------------------------------- */

int i2v_system_parts(char c) {
    return c == '/';
}

size_t i2v_system_root(const char *path) {
    return *path == '/';
}

char *i2v_system_read_link(const char *path) {
    char link[PATH_MAX];
    ssize_t length = readlink(path, link, sizeof link - 1);
    return length < 0 ? NULL : strndup(link, (size_t)length);
}

char *i2v_system_real_path(const char *path) {
    return realpath(path, NULL);
}

int i2v_system_create(const char *path, int only_owner) {
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, only_owner ? 0600 : 0666);
}

int i2v_system_may_write(const char *path) {
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
}

int i2v_system_is_guarded(const char *path, const struct stat *file) {
    struct stat folder;
    int known = stat(path, &folder) == 0;
    uid_t user = geteuid();
    return known && (folder.st_mode & S_ISVTX) && user != 0 && user != file->st_uid && user != folder.st_uid;
}

/* Where the group cannot be kept, ours may do no more with the file than anybody could. Through a descriptor: another
 * user of the folder may have put a link under the name, to a file that is not ours to give away. */
void i2v_system_take_permissions(const char *path, const char *target, mode_t mode) {
    struct stat old, ours;
    int is_there = stat(target, &old) == 0;
    if (is_there) mode = old.st_mode;
    if (!S_ISREG(mode)) return;
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return;
    if (fstat(descriptor, &ours) == 0 && S_ISREG(ours.st_mode) && ours.st_nlink == 1 && ours.st_uid == geteuid()) {
        int has_group = is_there && (fchown(descriptor, old.st_uid, old.st_gid) == 0 ||
                                     fchown(descriptor, (uid_t)-1, old.st_gid) == 0);
        mode &= 0777;
        if (!has_group) mode = (mode & 0707) | (mode & 7) << 3;
        fchmod(descriptor, mode);
    }
    close(descriptor);
}

int i2v_system_replace(const char *path, const char *target) {
    return rename(path, target);
}

/* A second name for the file is that in one step; where the file system has none (FAT, some of FUSE), the name is taken
 * by an empty file first, which only its maker replaces. */
int i2v_system_name_new(const char *path, const char *target) {
    if (link(path, target) == 0) {
        unlink(path);
        return 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOTSUP && errno != ENOSYS && errno != EMLINK) return -1;
    int descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return -1;
    close(descriptor);
    if (rename(path, target) == 0) return 0;
    int cause = errno;
    unlink(target);
    errno = cause;
    return -1;
}

int i2v_system_flush_folder(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -1;
    int flushed = fsync(folder);
    close(folder);
    return flushed;
}

void i2v_system_sweep(const char *path, time_t (*least_age)(const char *name)) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct stat info;
        time_t age = least_age(entry->d_name);
        if (age >= 0 && fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && info.st_uid == geteuid() && time(NULL) - info.st_mtime >= age)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder) closedir(folder);
}

int i2v_system_has_ended(uint32_t process) {
    return kill((pid_t)process, 0) < 0 && errno == ESRCH;
}
