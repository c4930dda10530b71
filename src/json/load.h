/* JSON text into a jansson tree, with lack of memory told apart from damage. */
#ifndef I2V_JSON_LOAD_H
#define I2V_JSON_LOAD_H

#include <jansson.h>

/* As json_loadb; without memory it gives NULL, and json_error_code(problem) is json_error_out_of_memory. jansson
 * itself (2.14) drops a character where the buffer of a token cannot grow, and goes on: the tree then has another name
 * or value than the text, or the text is called damaged. */
json_t *i2v_json_load(const void *text, size_t size, size_t flags, json_error_t *problem);

#endif
