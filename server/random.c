/* Names and keys that nobody can foresee. */
#include "random.h"

#include <stdio.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

int server_random_digits(char *text, size_t size) {
    unsigned char bytes[32];
    size_t count = (size - 1) / 2;
    if (getentropy(bytes, count) != 0) return 0;
    for (size_t i = 0; i < count; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return 1;
}

int server_random_seed(uint64_t *seed) {
    uint32_t bits;
    if (getentropy(&bits, sizeof bits) != 0) return 0;
    *seed = bits;
    return 1;
}
