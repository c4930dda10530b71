/* JSON trees that are either whole or NULL: lack of memory must not leave a value out. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>
#include <stddef.h>

/* Put value, whose reference they take, into *tree; where memory lacks, for value (then NULL) or for its place, *tree
 * becomes NULL. Nothing happens where it is NULL already. */
void cli_json_set(json_t **tree, const char *key, json_t *value);
void cli_json_append(json_t **tree, json_t *value);

/* As json_dumps and json_loads, and NULL without memory, too: jansson (2.14) may lose a character then, and go on. */
char *cli_json_write(const json_t *tree, size_t flags);
json_t *cli_json_read(const char *text, size_t flags, json_error_t *problem);

#endif
