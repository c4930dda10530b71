/* JSON text into a jansson tree, with one sentence that says what is wrong with the text. */
#include "json/read.h"

#include "base/file.h"
#include "base/other_files.h"
#include "base/text.h"
#include "json/bounds.h"
#include "json/load.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
        return i2v_fail(error, I2V_ERROR_MODEL, "%s: its JSON has the key %.*s twice; correct it or download it again",
                        path, length, key);
    }
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: damaged JSON in line %d (%s); correct it or download it again", path,
                    problem.line, problem.text);
}

/* A file of another kind, before the parser calls it damaged. */
static i2v_status check_kind(const uint8_t *text, size_t size, const char *path, i2v_error *error) {
    size_t space = 0;
    while (space < size && text[space] && strchr(" \t\r\n", text[space])) space++;
    if (space < size && (text[space] == '{' || text[space] == '[')) return I2V_OK;
    size_t count = size < I2V_OTHER_FILE_BEGIN ? size : I2V_OTHER_FILE_BEGIN;
    return i2v_other_file_check((const char *)text, count, I2V_WANTED_JSON, path, error);
}

/* {"error": "..."} is what servers send in place of a file. */
static i2v_status check_refusal(const json_t *root, const char *path, i2v_error *error) {
    const char *sentence = json_string_value(json_object_get(root, "error"));
    if (!sentence || json_object_size(root) > 2 || i2v_has_control_characters(sentence)) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL,
                    "%s: it is a server's refusal (\"%.200s\"), where a configuration should be; get the file itself, "
                    "for instance with `img2vid pull`",
                    path, sentence);
}

/* Python's json, and so diffusers, writes what is no JSON for infinities: "lambda_min_clipped": -Infinity. A number of
 * as many characters that no setting reaches takes its place. */
static void replace_infinities(char *text, size_t size) {
    static const char infinity[] = "Infinity", number[] = "1e300   ";
    enum { LENGTH = sizeof infinity - 1 };
    int is_string = 0;
    for (size_t i = 0; i < size; i++) {
        if (is_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            is_string = !is_string;
        else if (!is_string && i > 0 && size - i >= LENGTH && memcmp(text + i, infinity, LENGTH) == 0 &&
                 !isalnum((unsigned char)text[i - 1]))
            memcpy(text + i, number, LENGTH);
    }
}

i2v_status i2v_json_read(json_t **root, const char *path, size_t limit, size_t flags, i2v_error *error) {
    *root = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    i2v_status status = i2v_file_read(&text, &size, path, limit, error);
    if (status == I2V_OK) status = check_kind(text, size, path, error);
    if (status == I2V_OK) replace_infinities((char *)text, size);
    if (status == I2V_OK) status = i2v_json_parse(root, text, size, flags, path, error);
    free(text);
    if (status == I2V_OK) status = check_refusal(*root, path, error);
    if (status == I2V_OK) return status;
    json_decref(*root);
    *root = NULL;
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
