/* The commands of the program, one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "settings.h"

/* Each does the whole command and returns the exit status. */
int cli_generate(const cli_settings *settings);
int cli_decode(const cli_settings *settings);
int cli_info(const cli_settings *settings);
int cli_bench(const cli_settings *settings);
int cli_pull(const cli_settings *settings);
int cli_compare(const cli_settings *settings);
int cli_serve(const cli_settings *settings);

#endif
