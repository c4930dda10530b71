/* Names and keys that nobody can foresee. */
#ifndef SERVER_RANDOM_H
#define SERVER_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills text with size - 1 hexadecimal digits and a NUL; at most 64 digits, an even number. 0 where the system has no
 * randomness. */
int server_random_digits(char *text, size_t size);

int server_random_seed(uint64_t *seed); /* of 32 bits, as the program's: quick to type again */

#endif
