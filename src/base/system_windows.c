/* Windows, by mingw-w64. Calls of its C library take UTF-8 where the program's manifest says so (Windows 10 1903, see
 * docs/PLATFORMS.md). There are no permissions as Unix has them: a file is read-only or it is not. */
#include "base/system.h"
#include "base/posix.h"

#include <windows.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <share.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* errno of what Windows said; -1. */
static int fail(void) {
    switch (GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
        errno = ENOENT;
        break;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
        errno = EACCES;
        break;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        errno = EEXIST;
        break;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        errno = ENOMEM;
        break;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        errno = ENOSPC;
        break;
    default:
        errno = EIO;
    }
    return -1;
}

/* ---- processors and memory -------------------------------------------------------------------------------------- */

/* Of the group of at most 64 processors that the process is in. */
int i2v_system_processors(void) {
    DWORD_PTR ours = 0, all = 0;
    int count = GetProcessAffinityMask(GetCurrentProcess(), &ours, &all) ? __builtin_popcountll(ours) : 0;
    return count > 0 ? count : 1;
}

int i2v_system_allow_tiles(void) {
    return 0; /* the registers are there from Windows 11 on only, and nothing was measured there */
}

int i2v_system_has_dot_products(void) {
    return 0; /* nothing was built for AArch64 there */
}

/* What the machine can give, and what is left of the address space that processes are promised. */
uint64_t i2v_system_free_memory(void) {
    MEMORYSTATUSEX info = {.dwLength = sizeof info};
    if (!GlobalMemoryStatusEx(&info)) return UINT64_MAX;
    return info.ullAvailPhys < info.ullAvailPageFile ? info.ullAvailPhys : info.ullAvailPageFile;
}

uint64_t i2v_system_memory(void) {
    MEMORYSTATUSEX info = {.dwLength = sizeof info};
    return GlobalMemoryStatusEx(&info) ? info.ullTotalPhys : 0;
}

uint64_t i2v_system_last_cache(void) {
    DWORD size = 0;
    GetLogicalProcessorInformation(NULL, &size);
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION *all = size ? malloc(size) : NULL;
    uint64_t most = 0;
    if (all && GetLogicalProcessorInformation(all, &size)) {
        for (size_t i = 0; i < size / sizeof *all; i++) {
            if (all[i].Relationship == RelationCache && all[i].Cache.Size > most) most = all[i].Cache.Size;
        }
    }
    free(all);
    return most;
}

void *i2v_system_aligned(size_t alignment, size_t size) {
    return _aligned_malloc(size, alignment);
}

void i2v_system_free_aligned(void *memory) {
    _aligned_free(memory);
}

void i2v_system_prefer_huge_pages(void *memory, size_t size) {
    (void)memory; /* they take a privilege that users seldom have */
    (void)size;
}

void i2v_system_wipe(void *memory, size_t size) {
    SecureZeroMemory(memory, size);
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

/* Windows makes a thread of its own for Ctrl-C. */
int i2v_system_start_thread(pthread_t *thread, size_t stack, void *(*main)(void *argument), void *argument) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    int code = pthread_create(thread, &attributes, main, argument);
    pthread_attr_destroy(&attributes);
    return code;
}

/* ---- files that are read ---------------------------------------------------------------------------------------- */

int i2v_system_open(const char *path) {
    return _open(path, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
}

/* Reading itself waits. */
int i2v_system_wait(int descriptor, int milliseconds) {
    (void)descriptor;
    (void)milliseconds;
    return 1;
}

ssize_t i2v_system_read_at(int descriptor, void *buffer, size_t size, uint64_t offset) {
    enum { MOST = 1 << 30 };
    OVERLAPPED place = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD got = 0;
    if (ReadFile((HANDLE)_get_osfhandle(descriptor), buffer, size < MOST ? (DWORD)size : MOST, &got, &place))
        return got;
    return GetLastError() == ERROR_HANDLE_EOF ? 0 : fail();
}

void i2v_system_expect(int descriptor, uint64_t offset, uint64_t count) {
    (void)descriptor; /* Windows reads ahead by itself */
    (void)offset;
    (void)count;
}

/* struct stat has whole seconds only. */
int64_t i2v_system_changed_at(int descriptor, const struct stat *info) {
    FILETIME time;
    (void)info;
    if (!GetFileTime((HANDLE)_get_osfhandle(descriptor), NULL, NULL, &time)) return 0;
    return (int64_t)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) * 100;
}

void *i2v_system_map(int descriptor, size_t size) {
    HANDLE mapping = CreateFileMappingW((HANDLE)_get_osfhandle(descriptor), NULL, PAGE_READONLY, 0, 0, NULL);
    void *data = mapping ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, size) : NULL;
    if (!data) fail();
    if (mapping) CloseHandle(mapping);
    return data;
}

void i2v_system_unmap(void *data, size_t size) {
    (void)size;
    UnmapViewOfFile(data);
}

int i2v_system_is_link(const char *path) {
    DWORD attributes = GetFileAttributesA(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_REPARSE_POINT);
}

/* ---- files that are written ------------------------------------------------------------------------------------- */

int i2v_system_parts(char c) {
    return c == '/' || c == '\\';
}

size_t i2v_system_root(const char *path) {
    size_t drive = path[0] && path[1] == ':' ? 2 : 0;
    return drive + (size_t)i2v_system_parts(path[drive]);
}

/* A link is replaced and not followed: what it holds takes more than a call to read. */
char *i2v_system_read_link(const char *path) {
    (void)path;
    errno = EINVAL;
    return NULL;
}

char *i2v_system_real_path(const char *path) {
    return _fullpath(NULL, path, 0);
}

int i2v_system_create(const char *path, int only_owner) {
    (void)only_owner; /* the folder's list says who may read */
    return _open(path, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
}

int i2v_system_may_write(const char *path) {
    return _access(path, 2);
}

int i2v_system_is_guarded(const char *folder, const struct stat *file) {
    (void)folder;
    (void)file;
    return 0;
}

void i2v_system_take_permissions(const char *path, const char *target, mode_t mode) {
    (void)path; /* it has its folder's, as the file before it had */
    (void)target;
    (void)mode;
}

int i2v_system_replace(const char *path, const char *target) {
    return MoveFileExA(path, target, MOVEFILE_REPLACE_EXISTING) ? 0 : fail();
}

int i2v_system_name_new(const char *path, const char *target) {
    return MoveFileExA(path, target, 0) ? 0 : fail();
}

/* Whose they are is not looked at: the folder says who may remove them. */
void i2v_system_sweep(const char *path, time_t (*least_age)(const char *name)) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char name[FILENAME_MAX];
        struct stat info;
        time_t age = least_age(entry->d_name);
        int length = age >= 0 ? snprintf(name, sizeof name, "%s/%s", path, entry->d_name) : 0;
        if (length > 0 && (size_t)length < sizeof name && stat(name, &info) == 0 && S_ISREG(info.st_mode) &&
            time(NULL) - info.st_mtime >= age)
            unlink(name);
    }
    if (folder) closedir(folder);
}

/* Their ids are given anew too soon. */
uint32_t i2v_system_process_space(void) {
    return 0;
}

int i2v_system_has_ended(uint32_t process) {
    (void)process;
    return 0;
}

int i2v_system_flush(int descriptor) {
    return _commit(descriptor);
}

int i2v_system_flush_folder(const char *path) {
    (void)path;
    return 0;
}

/* ---- base/posix.h ------------------------------------------------------------------------------------------------ */

char *strndup(const char *text, size_t length) {
    length = strnlen(text, length);
    char *copy = malloc(length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *stpcpy(char *to, const char *from) {
    size_t length = strlen(from);
    memcpy(to, from, length + 1);
    return to + length;
}

char *strcasestr(const char *text, const char *word) {
    size_t length = strlen(word);
    for (; _strnicmp(text, word, length) != 0; text++)
        if (!*text) return NULL;
    return (char *)(uintptr_t)text;
}

void *memmem(const void *text, size_t size, const void *word, size_t length) {
    const char *at = text;
    for (; size >= length; at++, size--)
        if (memcmp(at, word, length) == 0) return (void *)(uintptr_t)at;
    return NULL;
}

int alphasort(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Adds a copy of the entry; 0 without memory. */
static int add(struct dirent ***entries, int count, const struct dirent *entry) {
    struct dirent **grown = realloc(*entries, ((size_t)count + 1) * sizeof *grown);
    if (!grown) return 0;
    *entries = grown;
    grown[count] = malloc(sizeof *entry);
    if (grown[count]) *grown[count] = *entry;
    return grown[count] != NULL;
}

int scandir(const char *path, struct dirent ***entries, int (*is_wanted)(const struct dirent *entry),
            int (*compare)(const struct dirent **a, const struct dirent **b)) {
    int count = 0, full = 0;
    DIR *folder = opendir(path);
    *entries = NULL;
    if (!folder) return -1;
    for (struct dirent *entry; !full && (entry = readdir(folder));) {
        if (is_wanted && !is_wanted(entry)) continue;
        full = !add(entries, count, entry);
        count += !full;
    }
    closedir(folder);
    if (!full) {
        if (count) qsort(*entries, (size_t)count, sizeof **entries, (int (*)(const void *, const void *))compare);
        return count;
    }
    while (count > 0) free((*entries)[--count]);
    free(*entries);
    *entries = NULL;
    errno = ENOMEM;
    return -1;
}
