/* Files that appear whole or not at all. They have a name while they are written: FFmpeg opens them by it, so that
 * unnamed ones (O_TMPFILE) will not do. */
#include "base/file.h"
#include "base/open_file.h"
#include "base/system.h"
#include "base/posix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* And hexadecimal digits: 8 of any number, a dash, and 8 each of the process and of what its id is known in. */
#define TEMPORARY_BEGIN ".img2vid-"
#define TEMPORARY_SIZE (sizeof TEMPORARY_BEGIN + 8 + 1 + 16)
#define MAX_LINKS 40 /* as the kernel */

/* The length of path's folder with the slash after it; 0 without one. */
static size_t folder_length(const char *path) {
    return (size_t)(i2v_path_name(path) - path);
}

/* ---- where it goes ---------------------------------------------------------------------------------------------- */

/* What link, the content of the link at path, leads to. */
static char *follow(const char *path, const char *link) {
    if (i2v_system_root(link)) return strdup(link);
    size_t folder = folder_length(path), size = folder + strlen(link) + 1;
    char *target = malloc(size);
    if (target) snprintf(target, size, "%.*s%s", (int)folder, path, link);
    return target;
}

/* Where writing to path goes, which need not exist; allocated, NULL with errno set. */
static char *follow_links(const char *path) {
    char *at = strdup(path);
    for (int links = 0; at; links++) {
        char *link = i2v_system_read_link(at);
        if (!link && errno == ENOMEM) {
            free(at);
            return NULL;
        }
        if (!link) break;
        char *target = links < MAX_LINKS ? follow(at, link) : NULL;
        free(link);
        if (links == MAX_LINKS) errno = ELOOP;
        free(at);
        at = target;
    }
    return at;
}

static int is_guarded(const char *target, const struct stat *file) {
    char *folder = i2v_path_folder(target);
    int guarded = folder && i2v_system_is_guarded(folder, file);
    free(folder);
    return guarded;
}

static i2v_status fail_there(const i2v_output_file *file, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: it is there already; give another name", file->path);
}

/* The rename needs leave to write to the folder only. A file that is there is replaced if it could be written to, which
 * root always could: a file without any write bit is meant to stay, as Vim takes it, too. */
static i2v_status check_target(const i2v_output_file *file, struct stat *info, i2v_error *error) {
    *info = (struct stat){0};
    if (stat(file->target, info) < 0) { /* creating it says why, if it is not just new; but its own name is shorter */
        return errno == ENAMETOOLONG ? i2v_fail_system(error, "write", file->path, errno) : I2V_OK;
    }
    if (file->is_new) return fail_there(file, error);
    if (!S_ISREG(info->st_mode))
        return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: it is %s; give another name", file->path,
                        i2v_file_kind(info->st_mode));
    if (!(info->st_mode & 0222))
        return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: it is read-only; give another name, or chmod u+w it",
                        file->path);
    if (i2v_system_may_write(file->target) < 0)
        return i2v_fail_system(error, "write", file->path, errno);
    if (is_guarded(file->target, info))
        return i2v_fail(error, I2V_ERROR_IO,
                        "cannot write %s: it is another user's, in a folder where each may replace their own only",
                        file->path);
    return I2V_OK;
}

/* ---- the temporary file ----------------------------------------------------------------------------------------- */

/* ".img2vid-1a2b3c4d-0000123456789abc.ending" beside target; fits in strlen(target) + TEMPORARY_SIZE bytes. */
static void name_temporary(char *temporary, size_t size, const char *target, uint32_t number) {
    size_t folder = folder_length(target);
    const char *ending = strrchr(target + folder, '.');
    snprintf(temporary, size, "%.*s" TEMPORARY_BEGIN "%08x-%08x%08x%s", (int)folder, target, number, (unsigned)getpid(),
             i2v_system_process_space(), ending ? ending : "");
}

static const char *after_digits(const char *text, size_t count) {
    return text && strspn(text, "0123456789abcdef") == count ? text + count : NULL;
}

/* Of earlier versions, too, which ended in the first digits. *process and *space get 0 there. */
static int is_temporary_name(const char *name, unsigned *process, unsigned *space) {
    size_t begin = sizeof TEMPORARY_BEGIN - 1;
    *process = *space = 0;
    const char *ending = strncmp(name, TEMPORARY_BEGIN, begin) == 0 ? after_digits(name + begin, 8) : NULL;
    if (ending && *ending == '-') {
        sscanf(ending + 1, "%8x%8x", process, space);
        ending = after_digits(ending + 1, 16);
    }
    return ending && (*ending == '\0' || (*ending == '.' && !strchr(ending + 1, '.')));
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
        descriptor = i2v_system_create(file->temporary, file->replaced != 0);
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

i2v_status i2v_output_file_commit(i2v_output_file *file, i2v_error *error) {
    i2v_system_take_permissions(file->temporary, file->target, file->replaced);
    if ((file->is_new ? i2v_system_name_new : i2v_system_replace)(file->temporary, file->target) < 0) {
        i2v_status status = file->is_new && errno == EEXIST ? fail_there(file, error)
                                                            : i2v_fail_system(error, "write", file->path, errno);
        i2v_output_file_abort(file);
        return status;
    }
    forget(file);
    return I2V_OK;
}

/* Before the rename, since a file system may write names before the bytes that they stand for. */
static int flush_bytes(FILE *stream) {
    int flushed = fflush(stream) == 0 && i2v_system_flush(fileno(stream)) == 0, cause = errno;
    if (fclose(stream) == 0 && flushed) return 1;
    if (!flushed) errno = cause;
    return 0;
}

i2v_status i2v_output_file_commit_to_disk(i2v_output_file *file, FILE *stream, i2v_error *error) {
    if (!flush_bytes(stream)) {
        i2v_status status = i2v_fail_system(error, "write", file->path, errno);
        i2v_output_file_abort(file);
        return status;
    }
    char *folder = i2v_path_folder(file->target);
    i2v_status status = i2v_output_file_commit(file, error);
    if (!status && folder) i2v_system_flush_folder(folder); /* where it cannot be, the name comes there by itself */
    free(folder);
    return status;
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

/* What a process left that has ended, at once. Of what may be another machine's, only a day without a change tells. */
static time_t least_age(const char *name) {
    enum { DAY = 24 * 60 * 60 };
    unsigned process, space;
    if (!is_temporary_name(name, &process, &space)) return -1;
    return space && space == i2v_system_process_space() && i2v_system_has_ended(process) ? 0 : DAY;
}

void i2v_output_file_sweep(const char *path) {
    char *target = follow_links(path), *folder = target ? i2v_path_folder(target) : NULL;
    if (folder) i2v_system_sweep(folder, least_age);
    free(folder);
    free(target);
}
