/* JSON text into a jansson tree, with one sentence that says what is wrong with it. */
#ifndef I2V_JSON_READ_H
#define I2V_JSON_READ_H

#include "base/error.h"

#include <jansson.h>

/* Parses text, whose root must be an object; within the bounds of json/bounds.h; flags are jansson's. path is for
 * messages. On failure *root is NULL. */
i2v_status i2v_json_parse(json_t **root, const void *text, size_t size, size_t flags, const char *path,
                          i2v_error *error);

/* Reads and parses a file of at most `limit` bytes. */
i2v_status i2v_json_read(json_t **root, const char *path, size_t limit, size_t flags, i2v_error *error);

/* "a string", "an array", ...: what a value is, for messages. */
const char *i2v_json_type_name(const json_t *value);

#endif
