/* The page docs/OPTIONS.md, from the tables of commands and options. */
#include "help.h"

#include <stdio.h>
#include <string.h>

/* In a cell of a table: one line, '|' is no border, "<" no tag. */
static void print_cell(const char *text) {
    for (; *text; text++) {
        if (*text == '|') {
            fputs("\\|", stdout);
        } else if (*text == '<') {
            fputs("&lt;", stdout);
        } else {
            putchar(*text == '\n' ? ' ' : *text);
        }
    }
}

static void print_commands(const cli_command_list *list) {
    printf("| command | |\n|---|---|\n");
    for (size_t i = 0; i < list->count; i++) {
        const cli_command *command = list->commands[i];
        printf("| `img2vid %s ", command->name);
        print_cell(command->usage);
        printf("` | ");
        print_cell(command->summary);
        printf(" |\n");
    }
    printf("| `img2vid help [COMMAND]` | Lists the commands, or the options of one that people use most, with `--all` "
           "before it all of them. `--man`, `--bash`, `--zsh` and "
           "`--fish` in place of the command print the manual page and completions; `source <(img2vid help --bash)` "
           "completes in the running shell. |\n");
}

static void print_takers(const cli_command_list *list, const cli_option *option) {
    const char *before = "";
    for (size_t i = 0; i < list->count; i++) {
        if (!cli_takes(list->commands[i], option)) continue;
        printf("%s%s", before, list->commands[i]->name);
        before = ", ";
    }
}

static void print_option(const cli_command_list *list, const cli_option *option) {
    printf("| ");
    if (option->letter) printf("`-%c` ", option->letter);
    printf("`--%s", option->name);
    if (option->argument) {
        putchar(' ');
        print_cell(option->argument);
    }
    printf("` | ");
    print_takers(list, option);
    printf(" | ");
    print_cell(option->help);
    printf(" |\n");
}

static void print_entries(const char *title, const char *introduction, const cli_entry *entries) {
    printf("\n## %s\n\n%s\n\n| | |\n|---|---|\n", title, introduction);
    for (const cli_entry *entry = entries; entry->term; entry++) {
        printf("| ");
        print_cell(entry->term);
        printf(" | ");
        print_cell(entry->text);
        printf(" |\n");
    }
}

void cli_print_options_page(const cli_command_list *list) {
    const cli_command *first = list->commands[0];
    const char *group = "";
    printf("# Commands and options\n\nMade by `img2vid help --markdown`; `img2vid COMMAND --help-all` prints the "
           "same.\n\n");
    print_commands(list);
    printf("\nA value follows its option as `--name value` or `--name=value`. What stands after `--` is no option. The "
           "exit status is\n0, 1 after a failure (one line on standard error says why, and the way out), 2 after wrong "
           "usage, 130 when interrupted.\n");
    for (size_t i = 0; i < first->options_count; i++) {
        const cli_option *option = &first->options[i];
        if (strcmp(group, option->group) != 0) {
            printf("\n## %s\n\n| option | of | |\n|---|---|---|\n", option->group);
        }
        group = option->group;
        print_option(list, option);
    }
    print_entries("Time", cli_shorter_introduction, cli_shorter_entries);
    print_entries("Configuration", cli_config_introduction, cli_config_entries);
}
