/* --jobs: reads a list of jobs. */
#ifndef CLI_LIST_READ_H
#define CLI_LIST_READ_H

#include "settings.h"

/* Reads the file of settings->jobs into settings->list, and keeps the part of settings->shard. The other settings are
 * what its jobs leave open; given: the options that have a value there. All lines are looked at before anything is
 * done. Returns CLI_PARSED, or an exit status after printing what is wrong, a line each. */
int cli_list_read(cli_settings *settings, cli_set given);

#endif
