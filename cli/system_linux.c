/* What Linux alone has. */
#include "system.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

int cli_system_random(void *memory, size_t size) {
    return getrandom(memory, size, 0) == (ssize_t)size;
}

char *cli_system_program(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? strndup(path, (size_t)length) : NULL;
}

uint64_t cli_system_peak_memory(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}
