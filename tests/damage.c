/* Damage to a file's bytes that is the same in every run. */
#include "damage.h"

static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

void damage(uint8_t *copy, size_t size, uint64_t *random) {
    for (uint32_t count = 1 + next_random(random) % 3; count > 0; count--) {
        uint8_t *byte = &copy[next_random(random) % size];
        uint32_t way = next_random(random) % 3;
        *byte = way == 0 ? (uint8_t)('0' + next_random(random) % 10)
                         : (way == 1 ? *byte ^ (uint8_t)(1u << next_random(random) % 8) : (uint8_t)next_random(random));
    }
}
