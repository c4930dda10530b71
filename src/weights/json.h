/* JSON text into a jansson tree. Internal to this layer. */
#ifndef I2V_WEIGHTS_JSON_H
#define I2V_WEIGHTS_JSON_H

#include "base/error.h"

#include <jansson.h>

/* Parses text, whose root must be an object; within the bounds of base/json_bounds.h; flags are jansson's. path is for
 * messages. On failure *root is NULL. */
i2v_status i2v_json_parse(json_t **root, const void *text, size_t size, size_t flags, const char *path,
                          i2v_error *error);

/* Reads and parses a file of at most `limit` bytes. */
i2v_status i2v_json_read(json_t **root, const char *path, size_t limit, size_t flags, i2v_error *error);

/* "a string", "an array", ...: what a value is, for messages. */
const char *i2v_json_type_name(const json_t *value);

/* 1 if a name holds control characters, which would garble the messages that quote it. */
int i2v_has_control_characters(const char *name);

#endif
