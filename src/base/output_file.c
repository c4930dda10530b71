/* Files that appear whole or not at all. They have a name while they are written: FFmpeg opens them by it, so that
 * unnamed ones (O_TMPFILE) will not do. */
#include "base/file.h"
#include "base/open_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY_BEGIN ".img2vid-" /* and 8 hexadecimal digits */
#define TEMPORARY_SIZE (sizeof TEMPORARY_BEGIN + 8)
#define MAX_LINKS 40 /* as the kernel */

/* The length of path's folder with the slash after it; 0 without one. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The folder of path; allocated, NULL without memory. */
static char *folder_of(const char *path) {
    size_t length = folder_length(path);
    return length ? strndup(path, length) : strdup(".");
}

/* ---- where it goes ---------------------------------------------------------------------------------------------- */

/* What link, the content of the link at path, leads to. */
static char *follow(const char *path, const char *link) {
    if (*link == '/') return strdup(link);
    size_t folder = folder_length(path), size = folder + strlen(link) + 1;
    char *target = malloc(size);
    if (target) snprintf(target, size, "%.*s%s", (int)folder, path, link);
    return target;
}

/* Where writing to path goes, which need not exist; allocated, NULL with errno set. */
static char *follow_links(const char *path) {
    char *at = strdup(path);
    for (int links = 0; at; links++) {
        char link[PATH_MAX];
        ssize_t length = readlink(at, link, sizeof link - 1);
        if (length < 0) break;
        link[length] = '\0';
        char *target = links < MAX_LINKS ? follow(at, link) : NULL;
        if (links == MAX_LINKS) errno = ELOOP;
        free(at);
        at = target;
    }
    return at;
}

/* True where the system will not let this user replace the file: in a folder such as /tmp its owner alone may. */
static int is_guarded(const char *target, const struct stat *file) {
    struct stat folder;
    char *path = folder_of(target);
    int known = path && stat(path, &folder) == 0;
    free(path);
    uid_t user = geteuid();
    return known && (folder.st_mode & S_ISVTX) && user != 0 && user != file->st_uid && user != folder.st_uid;
}

static i2v_status fail_there(const i2v_output_file *file, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_IO,
                    "cannot write %s: it is there already, and no_replace (--no-overwrite) keeps it; give another name",
                    file->path);
}

/* The rename needs leave to write to the folder only. A file that is there is replaced if it could be written to, which
 * root always could: a file without any write bit is meant to stay, as Vim takes it, too. */
static i2v_status check_target(const i2v_output_file *file, struct stat *info, i2v_error *error) {
    *info = (struct stat){0};
    if (stat(file->target, info) < 0) return I2V_OK; /* creating it says why, if it is not just new */
    if (file->is_new) return fail_there(file, error);
    if (!S_ISREG(info->st_mode))
        return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: it is %s; give another name", file->path,
                        i2v_file_kind(info->st_mode));
    if (!(info->st_mode & 0222))
        return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: it is read-only; give another name, or chmod u+w it",
                        file->path);
    if (faccessat(AT_FDCWD, file->target, W_OK, AT_EACCESS) < 0)
        return i2v_fail_system(error, "write", file->path, errno);
    if (is_guarded(file->target, info))
        return i2v_fail(error, I2V_ERROR_IO,
                        "cannot write %s: it is another user's, in a folder where each may replace their own only",
                        file->path);
    return I2V_OK;
}

/* ---- the temporary file ----------------------------------------------------------------------------------------- */

/* ".img2vid-1a2b3c4d.ending" beside target; fits in strlen(target) + TEMPORARY_SIZE bytes. */
static void name_temporary(char *temporary, size_t size, const char *target, uint32_t number) {
    size_t folder = folder_length(target);
    const char *ending = strrchr(target + folder, '.');
    snprintf(temporary, size, "%.*s" TEMPORARY_BEGIN "%08x%s", (int)folder, target, number, ending ? ending : "");
}

static int is_temporary_name(const char *name) {
    size_t begin = sizeof TEMPORARY_BEGIN - 1;
    if (strncmp(name, TEMPORARY_BEGIN, begin) != 0 || strspn(name + begin, "0123456789abcdef") != 8) return 0;
    const char *ending = name + begin + 8;
    return *ending == '\0' || (*ending == '.' && !strchr(ending + 1, '.'));
}

/* Differs between calls, threads and processes, most of the time: O_EXCL is what makes a name ours. */
static uint32_t any_number(const void *caller) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mix = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 40 ^ (uintptr_t)caller;
    mix *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(mix >> 32);
}

/* A new file has the permissions that the umask leaves; one that replaces another may be more private until it takes
 * the other's. Returns -1 with errno set. */
static int create_temporary(i2v_output_file *file, size_t size) {
    int descriptor = -1;
    uint32_t number = any_number(file);
    for (uint32_t attempt = 0; attempt < 100; attempt++) {
        name_temporary(file->temporary, size, file->target, number + attempt * 0x9e3779b9u);
        descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->replaced ? 0600 : 0666);
        if (descriptor >= 0 || errno != EEXIST) break;
    }
    return descriptor;
}

static void forget(i2v_output_file *file) {
    free(file->path);
    free(file->target);
    free(file->temporary);
    *file = (i2v_output_file){0};
}

/* info: of the target; all zero if there is none. */
static i2v_status find_target(i2v_output_file *file, const char *path, int is_new, struct stat *info,
                              i2v_error *error) {
    *file = (i2v_output_file){.path = strdup(path), .is_new = is_new};
    file->target = file->path ? follow_links(path) : NULL;
    if (!file->target) return i2v_fail_system(error, "write", path, errno);
    return check_target(file, info, error);
}

static i2v_status begin(i2v_output_file *file, const char *path, int is_new, i2v_error *error) {
    struct stat info;
    i2v_status status = find_target(file, path, is_new, &info, error);
    if (status) return status;
    size_t size = strlen(file->target) + TEMPORARY_SIZE;
    file->temporary = malloc(size);
    if (!file->temporary) return i2v_fail_memory(error, path, size);
    file->replaced = info.st_mode;
    int descriptor = create_temporary(file, size);
    if (descriptor < 0) return i2v_fail_system(error, "write", path, errno);
    close(descriptor);
    return I2V_OK;
}

i2v_status i2v_output_file_begin_new(i2v_output_file *file, const char *path, int is_new, i2v_error *error) {
    i2v_status status = begin(file, path, is_new, error);
    if (status) forget(file);
    return status;
}

i2v_status i2v_output_file_begin(i2v_output_file *file, const char *path, i2v_error *error) {
    return i2v_output_file_begin_new(file, path, 0, error);
}

/* Gives the temporary file the target's owner and permissions, as far as this user may; if it has gone meanwhile, the
 * permissions it had. Where the group cannot be kept, ours may do no more with the file than anybody could. Through a
 * descriptor: another user of the folder may have put a link under the name, to a file that is not ours to give away.
 */
static void take_permissions(const i2v_output_file *file) {
    struct stat old, ours;
    int is_there = stat(file->target, &old) == 0;
    mode_t mode = is_there ? old.st_mode : file->replaced;
    if (!S_ISREG(mode)) return;
    int descriptor = open(file->temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
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

/* rename() that fails with EEXIST where `to` is there. A second name for the file is that in one step; where the file
 * system has none (FAT, some of FUSE), the name is taken by an empty file first, which only its maker replaces. */
static int rename_new(const char *from, const char *to) {
    if (link(from, to) == 0) {
        unlink(from);
        return 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOTSUP && errno != ENOSYS && errno != EMLINK) return -1;
    int descriptor = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return -1;
    close(descriptor);
    if (rename(from, to) == 0) return 0;
    int cause = errno;
    unlink(to);
    errno = cause;
    return -1;
}

i2v_status i2v_output_file_commit(i2v_output_file *file, i2v_error *error) {
    take_permissions(file);
    if ((file->is_new ? rename_new : rename)(file->temporary, file->target) < 0) {
        i2v_status status = file->is_new && errno == EEXIST ? fail_there(file, error)
                                                            : i2v_fail_system(error, "write", file->path, errno);
        i2v_output_file_abort(file);
        return status;
    }
    forget(file);
    return I2V_OK;
}

void i2v_output_file_abort(i2v_output_file *file) {
    if (file->temporary) unlink(file->temporary);
    forget(file);
}

i2v_status i2v_output_file_check(const char *path, int is_new, i2v_error *error) {
    i2v_output_file file;
    i2v_status status = i2v_output_file_begin_new(&file, path, is_new, error);
    i2v_output_file_abort(&file);
    return status;
}

i2v_status i2v_output_file_check_replacing(const char *path, int is_new, i2v_error *error) {
    i2v_output_file file;
    struct stat info;
    i2v_status status = find_target(&file, path, is_new, &info, error);
    forget(&file);
    return status;
}

/* ---- what killed processes left --------------------------------------------------------------------------------- */

static int is_left_over(int folder, const char *name) {
    enum { DAY = 24 * 60 * 60 };
    struct stat info;
    return is_temporary_name(name) && fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(info.st_mode) && info.st_uid == geteuid() && time(NULL) - info.st_mtime > DAY;
}

void i2v_output_file_sweep(const char *path) {
    char *target = follow_links(path), *folder = target ? folder_of(target) : NULL;
    DIR *directory = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (is_left_over(dirfd(directory), entry->d_name)) unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory) closedir(directory);
    free(folder);
    free(target);
}
