/* Lists of seeds as they are given. */
#include "numbers.h"
#include "img2vid/img2vid.h"

#include <stdlib.h>
#include <string.h>

static int read_seed(uint64_t *value, const char *text) {
    static const i2v_parameter seed = {.name = "one of the seeds", .type = I2V_PARAMETER_UNSIGNED};
    return i2v_parameter_set(&seed, value, text, NULL) == I2V_OK;
}

/* "7" or "5-9"; both ends belong to it. */
static int read_range(uint64_t *first, uint64_t *last, char *text) {
    char *dash = strchr(text, '-');
    if (dash) *dash = 0;
    if (!read_seed(first, text) || !read_seed(last, dash ? dash + 1 : text)) return 0;
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
