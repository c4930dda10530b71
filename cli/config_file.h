/* The configuration file, as lines "name = value", and the environment's variables of the same names. What they are
 * called and hold is not looked at here. */
#ifndef CLI_CONFIG_FILE_H
#define CLI_CONFIG_FILE_H

#include "option_table.h"

typedef struct cli_config_entry {
    char *name;  /* "max-memory", as an option's */
    char *value; /* with the home folder for ~ */
    char *label; /* for messages: "/home/me/.config/img2vid/config:3: max-memory" or "IMG2VID_MAX_MEMORY" */
    int used;    /* it took effect */
} cli_config_entry;

typedef struct cli_config_list {
    char *path; /* of the file; NULL: there is none, or this is the environment */
    cli_config_entry *entries;
    size_t count;
} cli_config_list;

/* Reads the file that IMG2VID_CONFIG names, else XDG_CONFIG_HOME/img2vid/config, else ~/.config/img2vid/config. None is
 * there: an empty list. command is for messages. Returns CLI_PARSED, or the exit status after printing what is wrong;
 * to be freed in every case. */
int cli_config_read_file(cli_config_list *list, const cli_command *command);

/* The variables IMG2VID_..., but for those that are no option's. */
int cli_config_read_environment(cli_config_list *list);

void cli_config_free(cli_config_list *list);

#endif
