/* All that differs between the systems: system_linux.c and system_macos.c, which share system_posix.c, and
 * system_windows.c, for mingw-w64. Nothing else of the library asks which system it is on. Where nothing else is said,
 * functions give -1 with errno set on failure, as the calls that they stand for. Paths are UTF-8. */
#ifndef I2V_BASE_SYSTEM_H
#define I2V_BASE_SYSTEM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/* Not on Windows, whose files are never sockets. */
#ifndef S_ISSOCK
#define S_ISSOCK(mode) 0
#endif
#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif

/* ---- processors and memory -------------------------------------------------------------------------------------- */

/* Processors that this process may use at a time, at least 1: those that it is bound to, but no more than a quota that
 * it is given. */
int i2v_system_processors(void);

/* Leave to use AMX's tiles in all threads of this process, from now on: true if it is given. */
int i2v_system_allow_tiles(void);
/* Of AArch64: whether its processors have dot products of bytes. */
int i2v_system_has_dot_products(void);

/* Bytes that this process can still have; UINT64_MAX if nothing says. */
uint64_t i2v_system_free_memory(void);

/* Bytes of the machine's memory and of its last cache; 0 if nothing says. */
uint64_t i2v_system_memory(void);
uint64_t i2v_system_last_cache(void);

/* Memory at a multiple of alignment, a power of two; NULL where there is none. With i2v_system_free_aligned. */
void *i2v_system_aligned(size_t alignment, size_t size);
void i2v_system_free_aligned(void *memory);

/* Asks for large pages behind memory; where there are none, it stays as it is. */
void i2v_system_prefer_huge_pages(void *memory, size_t size);

/* Sets memory to 0 even where nothing reads it again. */
void i2v_system_wipe(void *memory, size_t size);

/* ---- threads ---------------------------------------------------------------------------------------------------- */

/* Starts a thread with a stack of so many bytes that takes no signals: those are for the program's own. 0, or a code of
 * errno's. */
int i2v_system_start_thread(pthread_t *thread, size_t stack, void *(*main)(void *argument), void *argument);

/* ---- files that are read ---------------------------------------------------------------------------------------- */

/* Opens a file to read, without ever waiting, for nobody but this process. */
int i2v_system_open(const char *path);

/* Waits so many milliseconds for something to read, or for its end: 1 if there is, 0 if not yet. */
int i2v_system_wait(int descriptor, int milliseconds);

/* Reads from a place; any number of threads may at the same time. The bytes read, which may be fewer; 0 at the end. */
ssize_t i2v_system_read_at(int descriptor, void *buffer, size_t size, uint64_t offset);

/* Says that so many bytes will be read soon. */
void i2v_system_expect(int descriptor, uint64_t offset, uint64_t count);

/* When the open file, which info describes, was changed, in ns since some moment. */
int64_t i2v_system_changed_at(int descriptor, const struct stat *info);

/* The file's bytes; NULL with errno set. size is at least 1. */
void *i2v_system_map(int descriptor, size_t size);
void i2v_system_unmap(void *data, size_t size);

/* True if path is a link, whatever it leads to. */
int i2v_system_is_link(const char *path);

/* ---- files that are written ------------------------------------------------------------------------------------- */

/* Whether c parts the names in a path. */
int i2v_system_parts(char c);

/* The length of the root that path begins at, 0 where it begins at the folder that is current: of "/a" 1, of Windows'
 * "C:/a" 3. */
size_t i2v_system_root(const char *path);

/* What the link at path holds, allocated; NULL with errno set, also of what is no link. */
char *i2v_system_read_link(const char *path);

/* The file itself that path leads to, allocated; NULL with errno set. */
char *i2v_system_real_path(const char *path);

/* Creates a file that was not there, to write to it; permissions are those that an ordinary file gets, or the owner's
 * alone. */
int i2v_system_create(const char *path, int only_owner);

/* 0 if this user may write to the file. */
int i2v_system_may_write(const char *path);

/* True where the system will not let this user replace the file in folder: in one such as /tmp its owner alone may. */
int i2v_system_is_guarded(const char *folder, const struct stat *file);

/* Gives the file at path, if it is ours, owner and permissions of the one at target, as far as this user may; if that
 * has gone, permissions as in mode. */
void i2v_system_take_permissions(const char *path, const char *target, mode_t mode);

/* Gives the file at path the name target, in place of what has it. */
int i2v_system_replace(const char *path, const char *target);
/* The same where nothing has it; else -1 with EEXIST. */
int i2v_system_name_new(const char *path, const char *target);

/* Removes this user's regular files in folder that were not changed for as many seconds as least_age gives for their
 * names; negative: they stay. */
void i2v_system_sweep(const char *folder, time_t (*least_age)(const char *name));

/* A number of all processes that this one knows by their ids: those of this start of the machine and of this pid
 * namespace. 0: none is known. */
uint32_t i2v_system_process_space(void);
/* 1 if no process has that id. */
int i2v_system_has_ended(uint32_t process);

/* What was written to the descriptor is on the disk after it. */
int i2v_system_flush(int descriptor);
/* The same of names in a folder. Nothing on Windows, where they are written with the files. */
int i2v_system_flush_folder(const char *path);

/* ---- the network ------------------------------------------------------------------------------------------------ */

/* socket() that programs which this process starts do not get. Not on Windows. */
int i2v_system_socket(int family, int type, int protocol);

#endif
