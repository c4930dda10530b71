/* A file that an earlier run has left half downloaded: six bytes say how large it is to be and where writing goes on,
 * the rest is what lies there. */
#include "fuzz.h"

#include "hub/partial.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD = 6 };

/* One that is a link is refused, so it has a name of its own, where there is memory for it. */
static const char *place(const uint8_t *data, size_t size) {
    static char path[64];
    if (!*path)
        snprintf(path, sizeof path, "%s/img2vid-fuzz-%d", access("/dev/shm", W_OK) ? "." : "/dev/shm", getpid());
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(descriptor >= 0 && write(descriptor, data, size) == (ssize_t)size);
    close(descriptor);
    return path;
}

static unsigned number(const uint8_t *data) {
    return (unsigned)data[0] << 8 | data[1];
}

static void write_on(i2v_partial *partial, const uint8_t *data) {
    static const uint8_t bytes[300];
    i2v_error error = {0};
    uint64_t before = i2v_partial_done(partial);
    fuzz_require(before <= partial->size);
    fuzz_require((partial->count > 0) == (partial->size > 0));
    i2v_status status = i2v_partial_write(partial, number(data + 4), bytes, sizeof bytes, &error);
    fuzz_require_told(status, &error);
    uint64_t after = i2v_partial_done(partial);
    fuzz_require(after >= before && after <= partial->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEAD) return 0;
    i2v_error error = {0};
    i2v_partial partial;
    const char *path = place(data + HEAD, size - HEAD);
    i2v_status status = i2v_partial_open(&partial, path, number(data), number(data + 2) + 1, &error);
    fuzz_require_told(status, &error);
    if (!status) write_on(&partial, data);
    if (size % 2)
        i2v_partial_close(&partial);
    else
        i2v_partial_remove(&partial);
    unlink(path);
    return 0;
}
