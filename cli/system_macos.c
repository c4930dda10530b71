/* What macOS alone has. */
#include "system.h"

#include <limits.h>
#include <mach-o/dyld.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>

int cli_system_random(void *memory, size_t size) {
    return getentropy(memory, size) == 0;
}

char *cli_system_program(void) {
    char path[PATH_MAX];
    uint32_t size = sizeof path;
    return _NSGetExecutablePath(path, &size) == 0 ? realpath(path, NULL) : NULL;
}

/* In bytes, not KiB. */
uint64_t cli_system_peak_memory(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
}
