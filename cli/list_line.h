/* One line of a list of jobs. */
#ifndef CLI_LIST_LINE_H
#define CLI_LIST_LINE_H

#include "list.h"

/* No list is longer: at an hour each, that is more than a year. */
enum { CLI_MOST_JOBS = 10000 };

/* Adds the jobs of the JSON object in text: one, or with arrays in the place of single values one for each combination,
 * the last key's values in turn first. base, given: as of cli_list_values. Returns CLI_PARSED, or an exit status after
 * printing the first thing that is wrong. */
int cli_list_line(cli_list *list, const char *text, int line, const cli_settings *base, cli_set given);

#endif
