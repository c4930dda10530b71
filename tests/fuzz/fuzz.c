/* What the fuzz targets share. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Noreturn void fuzz_stop(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, what);
    abort();
}

const char *fuzz_file(const uint8_t *data, size_t size, size_t length) {
    static char path[64];
    static int descriptor = -1;
    if (descriptor < 0) {
        descriptor = memfd_create("input", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    fuzz_require(descriptor >= 0 && ftruncate(descriptor, 0) == 0);
    fuzz_require(pwrite(descriptor, data, size, 0) == (ssize_t)size);
    if (length > size) fuzz_require(ftruncate(descriptor, (off_t)length) == 0);
    return path;
}

char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    fuzz_require(text != NULL);
    if (size) memcpy(text, data, size);
    text[size] = 0;
    return text;
}

char *fuzz_line(char **rest) {
    char *line = *rest, *end = strchr(line, '\n');
    *rest = end ? end + 1 : line + strlen(line);
    if (end) *end = 0;
    return line;
}

void fuzz_require_told(i2v_status status, const i2v_error *error) {
    fuzz_require(memchr(error->message, 0, sizeof error->message) != NULL);
    fuzz_require(status == I2V_OK || *error->message);
}
