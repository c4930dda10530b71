/* Strict reading of the values of options: the whole text counts, nothing overflows. */
#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct cli_numbers {
    double *values; /* freed with free() */
    size_t count;
} cli_numbers;

typedef struct cli_seeds {
    uint64_t *values; /* freed with free() */
    size_t count;
} cli_seeds;

enum { CLI_MOST_SEEDS = 10000 };

/* All return 1 if text is such a value, else 0 and leave *value alone. */
int cli_read_integer(int *value, const char *text);
int cli_read_seed(uint64_t *value, const char *text);
/* Finite decimal numbers only: no NaN, infinity or hexadecimal. */
int cli_read_number(double *value, const char *text);
/* Bytes: "6G", "1.5GiB", "512M", "1000000"; K, M, G, T are powers of 1024. */
int cli_read_bytes(uint64_t *value, const char *text);
/* One or more numbers with commas between. *list is set only on success; also 0 without memory. */
int cli_read_numbers(cli_numbers *list, const char *text);
/* The same for seeds and ranges of them, "1,2,5-9", CLI_MOST_SEEDS at most, none twice. */
int cli_read_seeds(cli_seeds *list, const char *text);

#endif
