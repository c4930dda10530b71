/* Strict reading of the values of options: the whole text counts, nothing overflows. */
#include "numbers.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The C library skips leading spaces and takes hexadecimal, "inf" and "nan"; option values are plain decimals. */
static int is_decimal(const char *text) {
    return *text && strspn(text, "0123456789+-.eE") == strlen(text);
}

int cli_read_integer(int *value, const char *text) {
    char *end;
    errno = 0;
    long number = is_decimal(text) ? strtol(text, &end, 10) : 0;
    if (!is_decimal(text) || end == text || *end || errno || number < INT_MIN || number > INT_MAX) return 0;
    *value = (int)number;
    return 1;
}

int cli_read_seed(uint64_t *value, const char *text) {
    if (!*text || strspn(text, "0123456789") != strlen(text)) return 0;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    if (errno || number > UINT64_MAX) return 0;
    *value = number;
    return 1;
}

int cli_read_number(double *value, const char *text) {
    if (!is_decimal(text)) return 0;
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number)) return 0;
    *value = number;
    return 1;
}

/* The number of bits that a unit such as "G" or "GiB" shifts by, -1 if it is none. */
static int unit_bits(const char *unit) {
    static const char letters[] = "KMGT";
    const char *letter = *unit ? strchr(letters, toupper((unsigned char)*unit)) : NULL;
    const char *rest = letter ? unit + 1 : unit;
    if (*rest && strcmp(rest, "B") != 0 && (!letter || strcmp(rest, "iB") != 0)) return -1;
    return letter ? 10 * (int)(letter - letters + 1) : 0;
}

int cli_read_bytes(uint64_t *value, const char *text) {
    size_t digits = strspn(text, "0123456789.");
    int bits = unit_bits(text + digits);
    char number_text[32];
    double number;
    if (digits == 0 || digits >= sizeof number_text || bits < 0) return 0;
    memcpy(number_text, text, digits);
    number_text[digits] = 0;
    if (!cli_read_number(&number, number_text)) return 0;
    double bytes = ldexp(number, bits);
    if (bytes >= 0x1p64) return 0;
    *value = (uint64_t)bytes;
    return 1;
}

int cli_read_numbers(cli_numbers *list, const char *text) {
    size_t count = 1;
    for (const char *c = text; *c; c++) count += *c == ',';
    double *values = calloc(count, sizeof *values);
    char *copy = strdup(text), *next = copy;
    int good = values && copy;
    for (size_t i = 0; good && i < count; i++) good = cli_read_number(&values[i], strsep(&next, ","));
    free(copy);
    if (!good) {
        free(values);
        return 0;
    }
    free(list->values);
    *list = (cli_numbers){values, count};
    return 1;
}

/* "7" or "5-9"; both ends belong to it. */
static int read_range(uint64_t *first, uint64_t *last, char *text) {
    char *dash = strchr(text, '-');
    if (dash) *dash = 0;
    if (!cli_read_seed(first, text) || !cli_read_seed(last, dash ? dash + 1 : text)) return 0;
    return *last >= *first && *last - *first < CLI_MOST_SEEDS;
}

static int by_value(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* 0 also without memory. */
static int all_differ(const cli_seeds *list) {
    uint64_t *sorted = malloc(list->count * sizeof *sorted);
    if (!sorted) return 0;
    memcpy(sorted, list->values, list->count * sizeof *sorted);
    qsort(sorted, list->count, sizeof *sorted, by_value);
    int differ = 1;
    for (size_t i = 1; i < list->count; i++) differ &= sorted[i] != sorted[i - 1];
    free(sorted);
    return differ;
}

int cli_read_seeds(cli_seeds *list, const char *text) {
    cli_seeds read = {.values = malloc(CLI_MOST_SEEDS * sizeof *read.values)};
    char *copy = strdup(text), *next = copy;
    int good = read.values && copy;
    while (good && next) {
        uint64_t first, last;
        good = read_range(&first, &last, strsep(&next, ","));
        if (good) good = last - first < CLI_MOST_SEEDS - read.count;
        for (uint64_t i = 0; good && i <= last - first; i++) read.values[read.count++] = first + i;
    }
    free(copy);
    if (!good || !all_differ(&read)) {
        free(read.values);
        return 0;
    }
    free(list->values);
    *list = read;
    return 1;
}
