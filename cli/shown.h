/* Parameters as people are shown them in pictures and pages: short, one line, printable. */
#ifndef CLI_SHOWN_H
#define CLI_SHOWN_H

#include <jansson.h>

/* 1: the key of metadata is for people; 0: a hash, or the same for every file. */
int cli_is_shown(const char *key);

/* The value, allocated; NULL without memory. Of paths, the last name; of hashes, the beginning; "none" for NULL, null
 * and what is not there. */
char *cli_shown_value(const char *key, const json_t *value);

/* All parameters that have a value, "seed 42, fps 7", allocated; NULL without memory. metadata may be NULL. */
char *cli_shown_parameters(const json_t *metadata);

#endif
