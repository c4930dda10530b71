/* Damage to a file's bytes that is the same in every run. */
#ifndef I2V_TESTS_DAMAGE_H
#define I2V_TESTS_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

/* Overwrites one to three bytes of copy: with another digit, a bit flipped, or anything. *random is the generator's
 * state, which moves on. */
void damage(uint8_t *copy, size_t size, uint64_t *random);

#endif
