/* The values of all options of one run. */
#ifndef CLI_SETTINGS_READ_H
#define CLI_SETTINGS_READ_H

#include "settings.h"

/* Reads the arguments of command. Returns CLI_PARSED, CLI_HELP, CLI_LIST or an exit status; free in every case. */
int cli_settings_read(cli_settings *settings, const cli_command *command, int argc, char **argv);

#endif
