/* Who the owner of an API key without a name is. */
#include "key_owner.h"
#include "failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The library hashes files: this one is in memory alone. */
static int open_memory(void) {
#if defined(__linux__)
    return memfd_create("key", MFD_CLOEXEC);
#else
    errno = ENOSYS;
    return -1;
#endif
}

static i2v_status hash(const char *key, char hex[I2V_SHA256_SIZE], i2v_error *error) {
    char path[40];
    size_t length = strlen(key);
    int file = open_memory();
    if (file < 0 || write(file, key, length) != (ssize_t)length) {
        int cause = errno;
        if (file >= 0) close(file);
        return server_fail(error, I2V_ERROR_INTERNAL, "cannot hash an API key without a name: %s; give each key a name",
                           strerror(cause));
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    i2v_status status = i2v_file_sha256(path, hex, error);
    close(file);
    return status;
}

i2v_status server_key_owner(const char *key, char owner[SERVER_KEY_OWNER_SIZE], i2v_error *error) {
    char hex[I2V_SHA256_SIZE] = "";
    i2v_status status = hash(key, hex, error);
    snprintf(owner, SERVER_KEY_OWNER_SIZE, "key-%.16s", hex);
    return status;
}
