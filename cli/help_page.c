/* The pages of img2vid COMMAND --help and --help-all. */
#include "help.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>

enum {
    FEW = 12,    /* options that fit a screen with all that is to be said of them */
    COLUMN = 24, /* where texts begin, so that they end before the 80th */
    SHORT_COLUMN = 30
};

/* The options that people use most, in a line of 50 characters each. */
static const struct {
    unsigned commands;
    size_t offset; /* the place of the option's value */
    const char *help;
} most_used[] = {
    {~0U, CLI_AT(path), "the video: .mp4 .webm .mkv .mov .gif .webp .png"},
    {~0U, CLI_AT(model), "a folder, a file, or what img2vid pull has brought"},
    {~0U, CLI_AT(params.width), "pixels, a multiple of 8 (default: the model's own)"},
    {~0U, CLI_AT(params.height), "likewise"},
    {~0U, CLI_AT(params.num_frames), "frames in the video (default: the model's own)"},
    {~0U, CLI_AT(params.fps), "frames a second (default 7)"},
    {~0U, CLI_AT(params.motion_bucket_id), "more is more motion (default 127)"},
    {~0U, CLI_AT(params.num_inference_steps), "fewer is faster and rougher (default 25)"},
    {~0U, CLI_AT(params.seed), "same seed, same video (default: a random one)"},
    {~0U, CLI_AT(output.quality), "of the file, 0 (smallest) to 100 (best)"},
    {~0U, CLI_AT(from), "make this video again, to the byte or with changes"},
    {~0U, CLI_AT(options.max_memory), "such as 6G: work in smaller pieces, same result"},
    {~0U, CLI_AT(plan), "only say what memory and time it would take"},
    {CLI_BENCH, CLI_AT(options.dtype), "how tensors are stored (default auto, here f32)"},
    {CLI_DECODE | CLI_BENCH, CLI_AT(params.decode_chunk_size), "frames decoded in one call (default: all)"},
    {CLI_BENCH, CLI_AT(repeat), "passes, of which the fastest counts (default 2)"},
    {CLI_DECODE | CLI_BENCH, CLI_AT(options.threads), "to compute on (default: one a core)"},
    {CLI_SERVE, CLI_AT(listen), "for clients (default 127.0.0.1:7860)"},
    {CLI_SERVE, CLI_AT(data), "the folder of jobs and videos"},
    {CLI_SERVE, CLI_AT(api_key_file), "keys of clients, a line each"},
    {CLI_SERVE, CLI_AT(unload_after), "let go of weights, 10m (default: never)"},
    {CLI_SERVE, CLI_AT(max_queue), "jobs that may wait (default 100)"},
    {CLI_SERVE, CLI_AT(options.dtype), "how tensors are stored (default auto, here f32)"},
    {CLI_DECODE | CLI_BENCH, CLI_AT(json), "print one JSON object on standard output"},
};

static size_t count_options(const cli_command *command) {
    size_t count = 0;
    for (size_t i = 0; i < command->options_count; i++) count += (size_t)cli_takes(command, &command->options[i]);
    return count;
}

/* "A or B" as two lines. */
static void print_usage(const cli_command *command) {
    const char *before = "Usage:", *next = NULL;
    for (const char *at = command->usage; at; at = next ? next + 4 : NULL) {
        next = strstr(at, " or ");
        printf("%-6s img2vid %s %.*s\n", before, command->name, (int)(next ? (size_t)(next - at) : strlen(at)), at);
        before = "";
    }
    printf("\n%s\n", command->summary);
}

static void print_option(const cli_option *option, int column, const char *help) {
    char left[80], letter[5] = "";
    if (option->letter) snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int width = snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->argument ? " " : "",
                         option->argument ? option->argument : "");
    printf("%-*s", column, left);
    if (width >= column) printf("\n%*s", column, "");
    for (const char *c = help; *c; c++) {
        putchar(*c);
        if (*c == '\n') printf("%*s", column, "");
    }
    putchar('\n');
}

static void print_all(const cli_command *command) {
    const char *group = "";
    for (size_t i = 0; i < command->options_count; i++) {
        const cli_option *option = &command->options[i];
        if (!cli_takes(command, option)) continue;
        if (strcmp(group, option->group) != 0) printf("\n%s:\n", option->group);
        group = option->group;
        print_option(option, COLUMN, option->help);
    }
}

static void print_most_used(const cli_command *command) {
    printf("\nOptions:\n");
    for (size_t i = 0; i < sizeof most_used / sizeof *most_used; i++) {
        if (!(most_used[i].commands & command->bit)) continue;
        const cli_option *option = cli_option_at(command, most_used[i].offset);
        if (option && cli_takes(command, option)) print_option(option, SHORT_COLUMN, most_used[i].help);
    }
}

void cli_print_help(const cli_command *command, int all) {
    size_t count = count_options(command);
    int is_short = !all && count > FEW, column = is_short ? SHORT_COLUMN : COLUMN;
    print_usage(command);
    if (is_short)
        print_most_used(command);
    else
        print_all(command);
    printf("%-*s%s\n", column, "  -h, --help", all && count > FEW ? "the options used most" : "this text");
    if (count > FEW) printf("%-*sall %zu options, and more on each\n", column, "  --help-all", count);
    printf("\nExamples:\n%s", command->examples);
}
