/* Sets of options, a bit each. */
#include "option_set.h"

enum { WORDS = CLI_MOST_OPTIONS / 64 };

int cli_set_has(const cli_set *set, size_t number) {
    return set->words[number / 64] >> number % 64 & 1;
}

void cli_set_add(cli_set *set, size_t number) {
    set->words[number / 64] |= UINT64_C(1) << number % 64;
}

cli_set cli_set_of(const cli_command *command, size_t offset) {
    const cli_option *option = cli_option_at(command, offset);
    cli_set set = {{0}};
    if (option) cli_set_add(&set, (size_t)(option - command->options));
    return set;
}

cli_set cli_set_union(cli_set a, cli_set b) {
    for (int i = 0; i < WORDS; i++) a.words[i] |= b.words[i];
    return a;
}

cli_set cli_set_minus(cli_set a, cli_set b) {
    for (int i = 0; i < WORDS; i++) a.words[i] &= ~b.words[i];
    return a;
}

int cli_given(const cli_command *command, cli_set given, size_t offset) {
    const cli_option *option = cli_option_at(command, offset);
    return option && cli_set_has(&given, (size_t)(option - command->options));
}
