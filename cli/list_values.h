/* The settings of one job of a list: the command line's, with the job's own values. */
#ifndef CLI_LIST_VALUES_H
#define CLI_LIST_VALUES_H

#include "list.h"

/* The keys of a job that are no options' names. */
#define CLI_LIST_IMAGE "image"

/* The option that a job's key means: "num_frames" of --num-frames; NULL where a job has none of that name. */
const cli_option *cli_list_option(const cli_command *command, const char *key);

/* Fills entry->settings from entry->values. base: of the command line, of whose options those of given have a value.
 * Returns CLI_PARSED, or an exit status after printing what is wrong, which begins with list->where. */
int cli_list_values(cli_list *list, cli_list_entry *entry, const cli_settings *base, cli_set given);

#endif
