/* Options that exclude each other. */
#include "exclusions.h"
#include "settings.h"

static const struct {
    size_t first, second; /* places of options' values */
    int by_value;         /* not all values do: settings.c looks at them */
} exclusions[] = {
    {CLI_AT(output.crf), CLI_AT(output.quality), 0},
    {CLI_AT(options.frame_decoder), CLI_AT(options.tiny_decoder), 0},
    {CLI_AT(params.seed), CLI_AT(seeds), 0},
    {CLI_AT(params.sigmas), CLI_AT(params.num_inference_steps), 0},
    {CLI_AT(params.sigmas), CLI_AT(params.sigma_schedule), 0},
    {CLI_AT(params.extend), CLI_AT(latents), 1},
    {CLI_AT(quiet), CLI_AT(verbose), 0},
    {CLI_AT(output.no_replace), CLI_AT(skip_existing), 0},
    {CLI_AT(overwrite), CLI_AT(skip_existing), 0},
    {CLI_AT(overwrite), CLI_AT(output.no_replace), 0},
    {CLI_AT(jobs), CLI_AT(from), 0},
    {CLI_AT(quiet), CLI_AT(show), 0},
    {CLI_AT(params.checkpoint), CLI_AT(no_checkpoint), 0},
};
enum { EXCLUSIONS = sizeof exclusions / sizeof *exclusions };

cli_set cli_excluded(const cli_command *command, cli_set given) {
    cli_set excluded = {{0}};
    for (size_t i = 0; i < EXCLUSIONS; i++) {
        size_t first = exclusions[i].first, second = exclusions[i].second;
        if (cli_given(command, given, first)) excluded = cli_set_union(excluded, cli_set_of(command, second));
        if (cli_given(command, given, second)) excluded = cli_set_union(excluded, cli_set_of(command, first));
    }
    return excluded;
}

int cli_exclusion_find(const cli_command *command, cli_set given, const cli_option **first, const cli_option **second) {
    for (size_t i = 0; i < EXCLUSIONS; i++) {
        *first = cli_option_at(command, exclusions[i].first);
        *second = cli_option_at(command, exclusions[i].second);
        if (exclusions[i].by_value) continue;
        if (cli_given(command, given, exclusions[i].first) && cli_given(command, given, exclusions[i].second)) return 1;
    }
    return 0;
}
