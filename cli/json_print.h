/* JSON on standard output. */
#ifndef CLI_JSON_PRINT_H
#define CLI_JSON_PRINT_H

#include <jansson.h>
#include <stdint.h>

/* Both print one object, take the reference (NULL is lack of memory) and return an exit status. layout: jansson's
 * flags, JSON_COMPACT for one line. */
int cli_print_json(json_t *object);
int cli_print_json_as(json_t *object, size_t layout);

/* The text of a value, as jansson writes it, without characters that steer a terminal; NULL without memory. */
char *cli_json_dump(const json_t *value, size_t layout);

/* jansson's integers end at 2^63 - 1; a larger seed is written as a string of digits. */
json_t *cli_json_seed(uint64_t seed);

/* A JSON string of any bytes: what is no UTF-8, as file names may be, becomes '?'. */
json_t *cli_json_text(const char *text);

#endif
