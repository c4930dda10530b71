/* One JSON configuration file, read by key; the first wrong value is kept until the config is closed. */
#include "json/config.h"

#include "base/text.h"
#include "json/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONFIG ((size_t)16 << 20)

struct i2v_config {
    json_t *root;
    char *path;
    i2v_error failure; /* status I2V_OK: none yet */
};

/* Of the file path, or of text where that is not NULL. */
static i2v_status open_config(i2v_config **config, const char *path, const char *text, i2v_error *error) {
    *config = calloc(1, sizeof **config);
    if (!*config) return i2v_fail_memory(error, path, sizeof **config);
    (*config)->path = strdup(path);
    i2v_status status = (*config)->path ? I2V_OK : i2v_fail_memory(error, path, 0);
    if (status == I2V_OK) {
        status = text ? i2v_json_parse(&(*config)->root, text, strlen(text), 0, path, error)
                      : i2v_json_read(&(*config)->root, path, MAX_CONFIG, 0, error);
    }
    if (status != I2V_OK) {
        i2v_config_close(*config, NULL);
        *config = NULL;
    }
    return status;
}

i2v_status i2v_config_open(i2v_config **config, const char *path, i2v_error *error) {
    return open_config(config, path, NULL, error);
}

i2v_status i2v_config_open_text(i2v_config **config, const char *text, const char *source, i2v_error *error) {
    return open_config(config, source, text, error);
}

i2v_status i2v_config_close(i2v_config *config, i2v_error *error) {
    if (!config) return I2V_OK;
    i2v_status status = config->failure.status;
    if (status != I2V_OK && error) *error = config->failure;
    json_decref(config->root);
    free(config->path);
    free(config);
    return status;
}

void i2v_config_fail(i2v_config *config, const char *format, ...) {
    if (!config || config->failure.status != I2V_OK) return;
    char sentence[I2V_ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    i2v_fail(&config->failure, I2V_ERROR_MODEL, "%s: %s", config->path, sentence);
}

/* NULL if missing or null. */
static const json_t *find(const i2v_config *config, const char *key) {
    const json_t *value = config ? json_object_get(config->root, key) : NULL;
    return json_is_null(value) ? NULL : value;
}

int i2v_config_has(const i2v_config *config, const char *key) {
    return find(config, key) != NULL;
}

/* The three below read one value; name is "key" or "key[3]". */

static int read_int(i2v_config *config, const char *name, const json_t *value, int fallback, int low, int high) {
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value))
        i2v_config_fail(config, "%s is %s, expected an integer", name, i2v_json_type_name(value));
    else if (number < low || number > high)
        i2v_config_fail(config, "%s is %lld, expected %d to %d", name, (long long)number, low, high);
    else
        return (int)number;
    return fallback;
}

static double read_double(i2v_config *config, const char *name, const json_t *value, double fallback) {
    if (json_is_number(value)) return json_number_value(value);
    i2v_config_fail(config, "%s is %s, expected a number", name, i2v_json_type_name(value));
    return fallback;
}

static void read_string(i2v_config *config, const char *name, const json_t *value, const char *fallback, char *text,
                        size_t size) {
    if (size == 0) return;
    const char *string = json_string_value(value);
    if (string && strlen(string) < size && !i2v_has_control_characters(string)) {
        memcpy(text, string, strlen(string) + 1);
        return;
    }
    snprintf(text, size, "%s", fallback);
    if (!string)
        i2v_config_fail(config, "%s is %s, expected a string", name, i2v_json_type_name(value));
    else if (i2v_has_control_characters(string))
        i2v_config_fail(config, "%s holds control characters", name);
    else
        i2v_config_fail(config, "%s is longer than %zu characters", name, size - 1);
}

int i2v_config_int(i2v_config *config, const char *key, int fallback, int low, int high) {
    const json_t *value = find(config, key);
    return value ? read_int(config, key, value, fallback, low, high) : fallback;
}

double i2v_config_double(i2v_config *config, const char *key, double fallback, double low, double high) {
    const json_t *value = find(config, key);
    if (!value) return fallback;
    double number = read_double(config, key, value, fallback);
    if (!json_is_number(value) || (number >= low && number <= high)) return number;
    i2v_config_fail(config, "%s is %g, expected %g to %g", key, number, low, high);
    return fallback;
}

int i2v_config_bool(i2v_config *config, const char *key, int fallback) {
    const json_t *value = find(config, key);
    if (!value) return fallback;
    if (json_is_boolean(value)) return json_is_true(value);
    i2v_config_fail(config, "%s is %s, expected true or false", key, i2v_json_type_name(value));
    return fallback;
}

void i2v_config_string(i2v_config *config, const char *key, const char *fallback, char *text, size_t size) {
    const json_t *value = find(config, key);
    if (!fallback) fallback = "";
    if (value)
        read_string(config, key, value, fallback, text, size);
    else if (size > 0)
        snprintf(text, size, "%s", fallback);
}

/* "key[index]" for an array, "key" for a single value that stands for an array of one. */
static const char *item_name(const char *key, const json_t *value, int index, char *name, size_t size) {
    if (json_is_array(value))
        snprintf(name, size, "%s[%d]", key, index);
    else
        snprintf(name, size, "%s", key);
    return name;
}

static const json_t *item_of(const json_t *value, int index) {
    return json_is_array(value) ? json_array_get(value, (size_t)index) : value;
}

/* Number of items to read into capacity places; 0 if missing or too many. */
static int items_count(i2v_config *config, const char *key, const json_t *value, int capacity) {
    size_t count = json_is_array(value) ? json_array_size(value) : (value ? 1 : 0);
    if (count <= (size_t)capacity) return (int)count;
    i2v_config_fail(config, "%s has %zu entries, expected at most %d", key, count, capacity);
    return 0;
}

int i2v_config_ints(i2v_config *config, const char *key, int *values, int capacity, int low, int high) {
    const json_t *value = find(config, key);
    int count = items_count(config, key, value, capacity);
    for (int i = 0; i < count; i++) {
        char name[128];
        item_name(key, value, i, name, sizeof name);
        values[i] = read_int(config, name, item_of(value, i), low, low, high);
    }
    return count;
}

int i2v_config_doubles(i2v_config *config, const char *key, double *values, int capacity) {
    const json_t *value = find(config, key);
    int count = items_count(config, key, value, capacity);
    for (int i = 0; i < count; i++) {
        char name[128];
        item_name(key, value, i, name, sizeof name);
        values[i] = read_double(config, name, item_of(value, i), 0);
    }
    return count;
}

int i2v_config_length(i2v_config *config, const char *key) {
    const json_t *value = find(config, key);
    if (!value) return 0;
    if (json_is_array(value)) return (int)json_array_size(value); /* a file of 16 MiB has fewer than 2^31 */
    i2v_config_fail(config, "%s is %s, expected an array", key, i2v_json_type_name(value));
    return 0;
}

void i2v_config_string_at(i2v_config *config, const char *key, int index, char *text, size_t size) {
    char name[128];
    snprintf(name, sizeof name, "%s[%d]", key, index);
    const json_t *value = find(config, key);
    const json_t *item = json_is_array(value) && index >= 0 ? json_array_get(value, (size_t)index) : NULL;
    read_string(config, name, item, "", text, size);
}
