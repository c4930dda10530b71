/* Options that exclude each other. */
#include "exclusions.h"

static const struct {
    const char *first, *second;
    int by_value; /* not all values do: settings.c looks at them */
} exclusions[] = {
    {"crf", "quality", 0},
    {"seed", "seeds", 0},
    {"sigmas", "num-inference-steps", 0},
    {"sigmas", "sigma-schedule", 0},
    {"extend", "latents", 1},
    {"quiet", "verbose", 0},
    {"no-overwrite", "skip-existing", 0},
};
enum { EXCLUSIONS = sizeof exclusions / sizeof *exclusions };

uint64_t cli_excluded(const cli_command *command, uint64_t given) {
    uint64_t excluded = 0;
    for (size_t i = 0; i < EXCLUSIONS; i++) {
        if (cli_given(command, given, exclusions[i].first)) excluded |= cli_option_bit(command, exclusions[i].second);
        if (cli_given(command, given, exclusions[i].second)) excluded |= cli_option_bit(command, exclusions[i].first);
    }
    return excluded;
}

int cli_exclusion_find(const cli_command *command, uint64_t given, const char **first, const char **second) {
    for (size_t i = 0; i < EXCLUSIONS; i++) {
        *first = exclusions[i].first;
        *second = exclusions[i].second;
        if (exclusions[i].by_value) continue;
        if (cli_given(command, given, *first) && cli_given(command, given, *second)) return 1;
    }
    return 0;
}
