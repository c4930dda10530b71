/* JSON text into a jansson tree, with one sentence that says what is wrong with the text. */
#include "weights/json.h"

#include "base/file.h"
#include "base/json_bounds.h"
#include "base/json_load.h"

#include <stdlib.h>

/* The key whose closing quote is text[end - 1]: jansson quotes only short ones in its message. */
static const char *key_before(const char *text, size_t end, int *length) {
    size_t start = end > 0 ? end - 1 : 0;
    while (start > 0) {
        size_t backslashes = 0;
        while (backslashes < start - 1 && text[start - 2 - backslashes] == '\\') backslashes++;
        if (text[start - 1] == '"' && backslashes % 2 == 0) break;
        start--;
    }
    size_t size = end > start ? end - 1 - start : 0;
    *length = size < 200 ? (int)size : 200;
    return text + start;
}

i2v_status i2v_json_parse(json_t **root, const void *text, size_t size, size_t flags, const char *path,
                          i2v_error *error) {
    json_error_t problem;
    *root = NULL;
    i2v_status status = i2v_json_check(text, size, path, I2V_ERROR_MODEL, error);
    if (status != I2V_OK) return status;
    *root = i2v_json_load(text, size, flags, &problem);
    if (*root && json_is_object(*root)) return I2V_OK;
    if (*root) {
        json_decref(*root);
        *root = NULL;
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: its JSON is no object; download it again", path);
    }
    if (json_error_code(&problem) == json_error_out_of_memory) return i2v_fail_memory(error, path, size);
    if (json_error_code(&problem) == json_error_duplicate_key && problem.position > 0) {
        int length;
        const char *key = key_before(text, (size_t)problem.position, &length);
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: duplicate tensor %.*s; download it again", path, length, key);
    }
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: damaged JSON in line %d (%s); correct it or download it again", path,
                    problem.line, problem.text);
}

i2v_status i2v_json_read(json_t **root, const char *path, size_t limit, size_t flags, i2v_error *error) {
    *root = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    i2v_status status = i2v_file_read(&text, &size, path, limit, error);
    if (status == I2V_OK) status = i2v_json_parse(root, text, size, flags, path, error);
    free(text);
    return status;
}

const char *i2v_json_type_name(const json_t *value) {
    if (!value) return "missing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

int i2v_has_control_characters(const char *name) {
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f) return 1;
    return 0;
}
