#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Maps the file of the descriptor. */
static i2v_status map(i2v_mapped_file *file, int descriptor, const char *path, i2v_error *error) {
    struct stat info;
    if (fstat(descriptor, &info) < 0) {
        return i2v_fail(error, I2V_ERROR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) return i2v_fail(error, I2V_ERROR_IO, "%s is not a regular file", path);
    if (info.st_size == 0) return I2V_OK;
    void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) return i2v_fail(error, I2V_ERROR_IO, "cannot map %s: %s", path, strerror(errno));
    *file = (i2v_mapped_file){data, (size_t)info.st_size};
    return I2V_OK;
}

i2v_status i2v_file_map(i2v_mapped_file *file, const char *path, i2v_error *error) {
    *file = (i2v_mapped_file){0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return i2v_fail(error, I2V_ERROR_IO, "cannot open %s: %s", path, strerror(errno));
    i2v_status status = map(file, descriptor, path, error);
    close(descriptor);
    return status;
}

void i2v_file_unmap(i2v_mapped_file *file) {
    if (file->data) munmap((void *)(uintptr_t)file->data, file->size);
    *file = (i2v_mapped_file){0};
}

/* Reads a stream to its end into a growing buffer. */
static i2v_status read_stream(FILE *stream, uint8_t **data, size_t *size, const char *name, size_t limit,
                              i2v_error *error) {
    uint8_t *buffer = NULL;
    size_t capacity = 0, used = 0;
    for (;;) {
        if (used == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            uint8_t *grown = realloc(buffer, capacity);
            if (!grown) {
                free(buffer);
                return i2v_fail_memory(error, name, capacity);
            }
            buffer = grown;
        }
        size_t got = fread(buffer + used, 1, capacity - used, stream);
        used += got;
        if (used > limit) {
            free(buffer);
            return i2v_fail(error, I2V_ERROR_FORMAT, "%s is larger than %zu MiB", name, limit >> 20);
        }
        if (got == 0) break;
    }
    if (ferror(stream)) {
        free(buffer);
        return i2v_fail(error, I2V_ERROR_IO, "cannot read %s: %s", name, strerror(errno));
    }
    *data = buffer;
    *size = used;
    return I2V_OK;
}

i2v_status i2v_file_read(uint8_t **data, size_t *size, const char *path, size_t limit, i2v_error *error) {
    *data = NULL;
    *size = 0;
    if (strcmp(path, "-") == 0) return read_stream(stdin, data, size, "standard input", limit, error);
    FILE *stream = fopen(path, "rbe");
    if (!stream) return i2v_fail(error, I2V_ERROR_IO, "cannot open %s: %s", path, strerror(errno));
    i2v_status status = read_stream(stream, data, size, path, limit, error);
    fclose(stream);
    return status;
}

char *i2v_path_join(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

int i2v_is_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int i2v_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ".img2vid-1a2b3c4d.ending" beside path; fits in strlen(path) + sizeof ".img2vid-1a2b3c4d" bytes. */
static void name_temporary(char *temporary, size_t size, const char *path, uint32_t number) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *ending = strrchr(name, '.');
    snprintf(temporary, size, "%.*s.img2vid-%08x%s", (int)(name - path), path, number, ending ? ending : "");
}

/* Differs between calls, threads and processes, most of the time: O_EXCL is what makes a name ours. */
static uint32_t any_number(const void *caller) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mix = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 40 ^ (uintptr_t)caller;
    mix *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(mix >> 32);
}

/* Creates the temporary file with the permissions that the umask leaves; returns -1 with errno set. */
static int create_temporary(i2v_output_file *file, size_t size) {
    int descriptor = -1;
    uint32_t number = any_number(file);
    for (uint32_t attempt = 0; attempt < 100; attempt++) {
        name_temporary(file->temporary, size, file->path, number + attempt * 0x9e3779b9u);
        descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST) break;
    }
    return descriptor;
}

i2v_status i2v_output_file_begin(i2v_output_file *file, const char *path, i2v_error *error) {
    *file = (i2v_output_file){0};
    if (i2v_is_folder(path)) return i2v_fail(error, I2V_ERROR_IO, "cannot write %s: it is a folder", path);
    i2v_status status = I2V_OK;
    size_t size = strlen(path) + sizeof ".img2vid-1a2b3c4d";
    file->path = strdup(path);
    file->temporary = malloc(size);
    if (!file->path || !file->temporary) {
        status = i2v_fail_memory(error, path, size);
    } else {
        int descriptor = create_temporary(file, size);
        if (descriptor < 0)
            status = i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
        else
            close(descriptor);
    }
    if (status != I2V_OK) {
        free(file->path);
        free(file->temporary);
        *file = (i2v_output_file){0};
    }
    return status;
}

i2v_status i2v_output_file_commit(i2v_output_file *file, i2v_error *error) {
    if (rename(file->temporary, file->path) < 0) {
        i2v_status status = i2v_fail(error, I2V_ERROR_IO, "cannot write %s: %s", file->path, strerror(errno));
        i2v_output_file_abort(file);
        return status;
    }
    free(file->path);
    free(file->temporary);
    *file = (i2v_output_file){0};
    return I2V_OK;
}

void i2v_output_file_abort(i2v_output_file *file) {
    if (file->temporary) unlink(file->temporary);
    free(file->path);
    free(file->temporary);
    *file = (i2v_output_file){0};
}

i2v_status i2v_output_file_check(const char *path, i2v_error *error) {
    i2v_output_file file;
    i2v_status status = i2v_output_file_begin(&file, path, error);
    i2v_output_file_abort(&file);
    return status;
}
