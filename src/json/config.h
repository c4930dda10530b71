/* One JSON configuration file (config.json, scheduler_config.json, model_index.json), read by key with checks.
 * The first wrong value stays in the config as its failure, so that a reader asks for all keys and checks once:
 *
 *     i2v_config *c = NULL;
 *     i2v_config_open(&c, path, error);
 *     sizes->layers = i2v_config_int(c, "num_hidden_layers", 12, 1, 1000);
 *     status = i2v_config_close(c, error);   // says which key of which file is wrong
 */
#ifndef I2V_JSON_CONFIG_H
#define I2V_JSON_CONFIG_H

#include "base/error.h"

typedef struct i2v_config i2v_config;

/* Parses path (at most 16 MiB; the root must be an object). On failure *config is NULL; every function below accepts
 * NULL and then returns the default. */
i2v_status i2v_config_open(i2v_config **config, const char *path, i2v_error *error);

/* The same of JSON text in memory; source says where it is from, in place of a path in messages. */
i2v_status i2v_config_open_text(i2v_config **config, const char *text, const char *source, i2v_error *error);

/* The status of the first wrong value since opening, with its message; frees the config. Accepts NULL (I2V_OK). */
i2v_status i2v_config_close(i2v_config *config, i2v_error *error);

/* Marks the config as failed: the sentence is preceded by the file's path. For checks of meaning by the caller. */
I2V_PRINTF(2, 3) void i2v_config_fail(i2v_config *config, const char *format, ...);

/* 1 if key is there and not null. */
int i2v_config_has(const i2v_config *config, const char *key);

/* The value of key; `fallback` if it is missing or null. A value of another type, or outside [low, high], fails. */
int i2v_config_int(i2v_config *config, const char *key, int fallback, int low, int high);
double i2v_config_double(i2v_config *config, const char *key, double fallback, double low, double high);
int i2v_config_bool(i2v_config *config, const char *key, int fallback);
/* Copied into text (size bytes with the NUL); too long, or control characters in it, fails. */
void i2v_config_string(i2v_config *config, const char *key, const char *fallback, char *text, size_t size);

/* Array of ints into values; returns its length, 0 if missing. A single int counts as an array of one. An inner array
 * (as in transformer_layers_per_block [[1,2],[1,2]]) must be read by its own function and fails here. */
int i2v_config_ints(i2v_config *config, const char *key, int *values, int capacity, int low, int high);
/* Array of numbers into doubles; as above. */
int i2v_config_doubles(i2v_config *config, const char *key, double *values, int capacity);
/* Array of strings: number of entries (0 if missing), and entry i copied. */
int i2v_config_length(i2v_config *config, const char *key);
void i2v_config_string_at(i2v_config *config, const char *key, int index, char *text, size_t size);

#endif
