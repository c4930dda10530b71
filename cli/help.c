/* img2vid help: finds the form that is asked for. */
#include "help.h"
#include "failure.h"
#include "message.h"

#include <string.h>

static int help_of_command(const cli_command_list *list, const char *name, int all) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(name, list->commands[i]->name) != 0) continue;
        cli_print_help(list->commands[i], all);
        return cli_flush_output();
    }
    return cli_wrong_usage(
        NULL,
        "there is no help for '%s', but for generate, decode, info, bench, pull, compare, serve, config and time; "
        "--bash, --zsh and --fish print completions, --man the manual page",
        name);
}

int cli_help(const cli_command_list *list, int argc, char **argv) {
    static const char *const shells[] = {[CLI_BASH] = "--bash", [CLI_ZSH] = "--zsh", [CLI_FISH] = "--fish"};
    int all = strcmp(argv[0], "--all") == 0;
    if (argc <= all) return cli_wrong_usage(NULL, "help --all lacks the command, as in img2vid help --all generate");
    const char *topic = argv[all];
    if (argc > 1 + all) return cli_wrong_usage(NULL, "help takes one command, not '%s' too", argv[1 + all]);
    if (all) return help_of_command(list, topic, 1);
    if (strcmp(topic, "--man") == 0) {
        cli_print_manual(list);
        return cli_flush_output();
    }
    if (strcmp(topic, "--markdown") == 0) {
        cli_print_options_page(list);
        return cli_flush_output();
    }
    if (strcmp(topic, "config") == 0) {
        cli_print_config_page();
        return cli_flush_output();
    }
    if (strcmp(topic, "time") == 0) {
        cli_print_time_page();
        return cli_flush_output();
    }
    for (int shell = CLI_BASH; shell <= CLI_FISH; shell++) {
        if (strcmp(topic, shells[shell]) != 0) continue;
        cli_print_completion(list, (cli_shell)shell);
        return cli_flush_output();
    }
    return help_of_command(list, topic, 0);
}
