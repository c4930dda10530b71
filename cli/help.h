/* img2vid help: what the tables of commands and options say, for a person, as a manual page or for a shell. The build
 * makes the installed manual and completions this way. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "option_table.h"

typedef enum cli_shell { CLI_BASH, CLI_ZSH, CLI_FISH } cli_shell;

/* Something and what is to be said of it, in lines; a list of them ends in NULL. */
typedef struct cli_entry {
    const char *term, *text;
} cli_entry;

/* What configuration is; shared by all pages. */
extern const char cli_config_introduction[];
extern const cli_entry cli_config_entries[];
/* Likewise what makes a run shorter. */
extern const char cli_shorter_introduction[];
extern const cli_entry cli_shorter_entries[];

/* img2vid help COMMAND | --all COMMAND | config | time | --man | --markdown | --bash | --zsh | --fish; argv[0..argc)
 * follows "help" and is not empty. Returns the exit status. */
int cli_help(const cli_command_list *list, int argc, char **argv);

/* COMMAND --help: a page that fits a screen; with all set, --help-all: every option. On standard output, as what
 * follows. */
void cli_print_help(const cli_command *command, int all);
/* help config */
void cli_print_config_page(void);
/* help time */
void cli_print_time_page(void);
/* The manual is for man(7); its date is SOURCE_DATE_EPOCH's, else today. */
void cli_print_manual(const cli_command_list *list);
/* docs/OPTIONS.md */
void cli_print_options_page(const cli_command_list *list);
void cli_print_completion(const cli_command_list *list, cli_shell shell);

#endif
