/* Completion of command lines in bash, zsh and fish. What can follow an option is in its argument's text: the choices
 * of a CLI_CHOICE, the names of a CLI_NAME; folders for DIR; files for FILE, OUT and the like, those with an ending
 * for IN.npy. */
#include "help.h"
#include "named.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- what follows an option ------------------------------------------------------------------------------------- */

typedef struct values {
    int files, folders; /* files of any name */
    char endings[128];  /* else those with such an ending: ".npy .safetensors" */
} values;

static int is_one_of(const char *word, size_t length, const char *const *words) {
    for (; *words; words++)
        if (strlen(*words) == length && memcmp(*words, word, length) == 0) return 1;
    return 0;
}

/* One alternative of "DIR|FILE.safetensors|NAME": a word in capitals, maybe with an ending. */
static void add_alternative(values *found, const char *word, size_t length) {
    static const char *const folders[] = {"DIR", "FOLDER", NULL};
    static const char *const files[] = {"FILE", "FILES", "IN", "OUT", "PATH", "IMAGE", "VIDEO", "MODEL", NULL};
    size_t capitals = 0, ending;
    while (capitals < length && isupper((unsigned char)word[capitals])) capitals++;
    for (ending = capitals + 1; ending < length && isalnum((unsigned char)word[ending]); ending++)
        ;
    if (capitals && capitals + 1 < length && word[capitals] == '.' && islower((unsigned char)word[capitals + 1])) {
        size_t used = strlen(found->endings);
        snprintf(found->endings + used, sizeof found->endings - used, "%s%.*s", used ? " " : "",
                 (int)(ending - capitals), word + capitals);
        return;
    }
    found->folders |= is_one_of(word, capitals, folders);
    found->files |= is_one_of(word, capitals, files);
}

/* Of the first word of text, which is an option's argument or a command's usage; NULL: it takes none. */
static values find_values(const char *text) {
    values found = {0, 0, ""};
    if (!text) return found;
    const char *end = text + strcspn(text, " ");
    while (text < end) {
        size_t length = strcspn(text, "| ");
        add_alternative(&found, text, length);
        text += length + (text[length] == '|');
    }
    return found;
}

/* Prints the choices of a CLI_CHOICE with spaces between. */
static void print_choices(const cli_option *option) {
    for (const char *c = option->argument; *c; c++) putchar(*c == '|' ? ' ' : *c);
}

static int has_words(const cli_option *option) {
    return option->type == CLI_CHOICE || option->type == CLI_NAME;
}

/* What can follow such an option: its choices, or the names that it knows and "help", with spaces between. */
static void print_words(const cli_option *option) {
    const char *name;
    if (option->type == CLI_CHOICE) {
        print_choices(option);
        return;
    }
    for (size_t i = 0; (name = cli_named_at(option, i)); i++) printf("%s ", name);
    printf("help");
}

/* The endings as a pattern: "npy|safetensors". */
static void print_endings(const values *found) {
    for (const char *c = found->endings + 1; *c; c++)
        if (*c != '.') putchar(*c == ' ' ? '|' : *c);
}

/* What an option is for, up to the details; escaped are the characters that get a backslash. */
static void print_purpose(const char *help, const char *escaped) {
    const char *end = help + strcspn(help, ";"), *details = strstr(help, "(default");
    if (!details) details = strstr(help, "\n(default");
    if (details && details < end) end = details;
    while (end > help && isspace((unsigned char)end[-1])) end--;
    for (; help < end; help++) {
        if (*help == '\'')
            printf("'\\''"); /* all three shells get it between single quotes */
        else
            printf(strchr(escaped, *help) ? "\\%c" : "%c", *help == '\n' ? ' ' : *help);
    }
}

/* ---- bash ------------------------------------------------------------------------------------------------------- */

static void bash_values(const values *found) {
    if (found->files)
        printf("_img2vid_files '*'; return");
    else if (*found->endings)
        printf("_img2vid_files %s; return", found->endings);
    else if (found->folders)
        printf("_img2vid_files; return");
    else
        printf("return");
}

static void bash_option(const cli_command *command, const cli_option *option) {
    if (option->type == CLI_FLAG) return;
    printf("    %s/--%s", command->name, option->name);
    if (option->letter) printf(" | %s/-%c", command->name, option->letter);
    printf(") ");
    if (has_words(option)) {
        printf("_img2vid_words '");
        print_words(option);
        printf("'; return");
    } else {
        values found = find_values(option->argument);
        bash_values(&found);
    }
    printf(" ;;\n");
}

static void bash_command(const cli_command *command) {
    values operand = find_values(command->operand ? command->usage : NULL);
    printf("    %s)\n        if [[ $cur == -* ]]; then\n            _img2vid_words '--help --help-all", command->name);
    for (size_t i = 0; i < command->options_count; i++)
        if (cli_takes(command, &command->options[i])) printf(" --%s", command->options[i].name);
    printf("'\n        else\n            ");
    bash_values(&operand);
    printf("\n        fi ;;\n");
}

static void print_bash(const cli_command_list *list) {
    printf("# Completion of img2vid in bash; made by img2vid help --bash.\n"
           "_img2vid_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n\n"
           "# Folders, and files with one of these endings.\n"
           "_img2vid_files() {\n"
           "    compopt -o filenames 2> /dev/null\n"
           "    local ending\n"
           "    mapfile -t COMPREPLY < <(\n"
           "        for ending; do compgen -f -X \"!*$ending\" -- \"$cur\"; done | while IFS= read -r name; do\n"
           "            [ -d \"$name\" ] || printf '%%s\\n' \"$name\"\n"
           "        done\n"
           "        compgen -d -- \"$cur\"\n"
           "    )\n"
           "}\n\n"
           "_img2vid() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
           "        _img2vid_words '");
    for (size_t i = 0; i < list->count; i++) printf("%s ", list->commands[i]->name);
    printf("help --help --version'\n"
           "        return\n"
           "    fi\n"
           "    # --name=value is three words here\n"
           "    if [ \"$cur\" = = ]; then\n"
           "        cur=\n"
           "    elif [ \"$prev\" = = ]; then\n"
           "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    fi\n"
           "    case $command/$prev in\n");
    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; j < list->commands[i]->options_count; j++)
            if (cli_takes(list->commands[i], &list->commands[i]->options[j]))
                bash_option(list->commands[i], &list->commands[i]->options[j]);
    printf("    esac\n"
           "    case $command in\n");
    for (size_t i = 0; i < list->count; i++) bash_command(list->commands[i]);
    printf("    help) _img2vid_words '");
    for (size_t i = 0; i < list->count; i++) printf("%s ", list->commands[i]->name);
    printf("config time --all --man --bash --zsh --fish' ;;\n"
           "    esac\n"
           "}\n"
           "complete -F _img2vid img2vid\n");
}

/* ---- zsh -------------------------------------------------------------------------------------------------------- */

static const char zsh_special[] = "[]:\\";

static void zsh_values(const values *found) {
    if (found->files)
        printf("_files");
    else if (*found->endings) {
        printf("_files -g \"*.(");
        print_endings(found);
        printf(")\"");
    } else if (found->folders)
        printf("_files -/");
    else
        putchar(' ');
}

static void zsh_option(const cli_option *option) {
    const char *value = option->type == CLI_FLAG ? "" : "=";
    printf("            ");
    if (option->letter)
        printf("'(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter, *value ? "+" : "",
               option->name, value);
    else
        printf("'%s--%s%s[", option->type == CLI_TEXT || option->type == CLI_LORAS ? "*" : "", option->name, value);
    print_purpose(option->help, zsh_special);
    putchar(']');
    if (has_words(option)) {
        printf(":%s:(", option->name);
        print_words(option);
        putchar(')');
    } else if (option->type != CLI_FLAG) {
        values found = find_values(option->argument);
        printf(":%s:", option->name);
        zsh_values(&found);
    }
    printf("' \\\n");
}

static void zsh_command(const cli_command *command) {
    printf("    %s)\n        _arguments -s -S \\\n", command->name);
    for (size_t i = 0; i < command->options_count; i++)
        if (cli_takes(command, &command->options[i])) zsh_option(&command->options[i]);
    printf("            '(- *)'{-h,--help}'[list the options used most]' \\\n"
           "            '(- *)--help-all[list all options]'");
    if (command->operand) {
        values operand = find_values(command->usage);
        printf(" \\\n            '*:operand:");
        zsh_values(&operand);
        putchar('\'');
    }
    printf(" ;;\n");
}

static void print_zsh(const cli_command_list *list) {
    printf("#compdef img2vid\n# Completion of img2vid in zsh; made by img2vid help --zsh.\n"
           "_img2vid() {\n"
           "    local -a commands=(\n");
    for (size_t i = 0; i < list->count; i++) {
        printf("        '%s:", list->commands[i]->name);
        print_purpose(list->commands[i]->summary, "\\:");
        printf("'\n");
    }
    printf("        'help:Lists the commands, or the options of one.'\n"
           "    )\n"
           "    if (( CURRENT == 2 )); then\n"
           "        if [[ $words[2] == -* ]]; then\n"
           "            compadd -- --help --version -h -V\n"
           "        else\n"
           "            _describe command commands\n"
           "        fi\n"
           "        return\n"
           "    fi\n"
           "    shift words\n"
           "    (( CURRENT-- ))\n"
           "    case $words[1] in\n");
    for (size_t i = 0; i < list->count; i++) zsh_command(list->commands[i]);
    printf("    help) commands+=('config:What counts where options are not given.' 'time:What makes a run shorter.'); "
           "_describe command commands ;;\n"
           "    esac\n"
           "}\n"
           "if [[ $funcstack[1] == _img2vid ]]; then _img2vid \"$@\"; else compdef _img2vid img2vid; fi\n");
}

/* ---- fish ------------------------------------------------------------------------------------------------------- */

/* The end of a "complete" line: what follows. */
static void fish_values(const values *found) {
    if (found->files)
        printf(" -F");
    else if (*found->endings) {
        printf(" -a '(");
        for (const char *c = found->endings; *c; c += strspn(c, " ")) {
            size_t length = strcspn(c, " ");
            printf("%s__fish_complete_suffix %.*s", c == found->endings ? "" : "; ", (int)length, c);
            c += length;
        }
        printf(")'");
    } else if (found->folders)
        printf(" -a '(__fish_complete_directories)'");
}

static void fish_option(const cli_command_list *list, const cli_option *option) {
    printf("complete -c img2vid -n '__fish_seen_subcommand_from");
    for (size_t i = 0; i < list->count; i++)
        if (cli_takes(list->commands[i], option)) printf(" %s", list->commands[i]->name);
    printf("'");
    if (option->letter) printf(" -s %c", option->letter);
    printf(" -l %s", option->name);
    if (has_words(option)) {
        printf(" -x -a '");
        print_words(option);
        putchar('\'');
    } else if (option->type != CLI_FLAG) {
        values found = find_values(option->argument);
        printf(found.files ? " -r" : " -x");
        fish_values(&found);
    }
    printf(" -d '");
    print_purpose(option->help, "\\");
    printf("'\n");
}

static void print_fish(const cli_command_list *list) {
    const cli_command *first = list->commands[0];
    printf("# Completion of img2vid in fish; made by img2vid help --fish.\ncomplete -c img2vid -f\n"
           "complete -c img2vid -n __fish_use_subcommand -s V -l version -d 'print the version'\n"
           "complete -c img2vid -s h -l help -d 'list the commands or the options used most'\n"
           "complete -c img2vid -n 'not __fish_use_subcommand' -l help-all -d 'list all options'\n"
           "complete -c img2vid -n __fish_use_subcommand -a help -d 'Lists the commands, or the options of one.'\n");
    for (size_t i = 0; i < list->count; i++) {
        const cli_command *command = list->commands[i];
        printf("complete -c img2vid -n __fish_use_subcommand -a %s -d '", command->name);
        print_purpose(command->summary, "\\");
        printf("'\n");
        if (!command->operand) continue;
        values operand = find_values(command->usage);
        printf("complete -c img2vid -n '__fish_seen_subcommand_from %s'", command->name);
        fish_values(&operand);
        putchar('\n');
    }
    printf("complete -c img2vid -n '__fish_seen_subcommand_from help' -a '");
    for (size_t i = 0; i < list->count; i++) printf("%s ", list->commands[i]->name);
    printf("config time'\n");
    for (size_t i = 0; i < first->options_count; i++) fish_option(list, &first->options[i]);
}

void cli_print_completion(const cli_command_list *list, cli_shell shell) {
    switch (shell) {
    case CLI_BASH:
        print_bash(list);
        break;
    case CLI_ZSH:
        print_zsh(list);
        break;
    case CLI_FISH:
        print_fish(list);
        break;
    }
}
