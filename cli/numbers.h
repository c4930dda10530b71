/* Lists of seeds as they are given: the whole text counts, nothing overflows. */
#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct cli_seeds {
    uint64_t *values; /* freed with free() */
    size_t count;
} cli_seeds;

enum { CLI_MOST_SEEDS = 10000 };

/* Seeds and ranges of them, "1,2,5-9", CLI_MOST_SEEDS at most, none twice: 1, or 0 and *list is as it was; 0 also
 * without memory. */
int cli_read_seeds(cli_seeds *list, const char *text);

#endif
