/* Whether a file was made with the parameters that a job has. */
#include "metadata_compare.h"
#include "json.h"
#include "option_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a hash stands for, with the keys that are names of it. */
static const struct {
    const char *hash, *what;
    size_t names[6]; /* places of options' values; 0 ends them */
} hashed[] = {
    {"model_sha256",
     "model",
     {CLI_AT(model), CLI_AT(hub.revision), CLI_AT(options.unet), CLI_AT(options.vae), CLI_AT(options.image_encoder),
      CLI_AT(options.variant)}},
    {"latents_sha256", "noise", {CLI_AT(latents)}},
    {"image_sha256", "picture", {0}},
};
enum { HASHED = sizeof hashed / sizeof *hashed };

/* Of what computed, not of what is computed. */
static const char *const passed_over[] = {"program", "version", "backend"};

typedef struct comparison {
    const json_t *wanted, *kept;
    const cli_command *command;
    json_t *defaults; /* of the command's options by their keys; NULL: not made yet */
    char *text;
    size_t size, used;
} comparison;

static void add_text(comparison *at, const char *key, const char *there, const char *here) {
    if (at->used >= at->size) return;
    int put = snprintf(at->text + at->used, at->size - at->used, "%s%s (%.60s there, %.60s here)", at->used ? ", " : "",
                       key, there, here);
    at->used += put > 0 ? (size_t)put : 0;
}

static int is_text(const json_t *value) {
    return json_is_string(value) && *json_string_value(value);
}

/* Both have that hash. */
static int has_both(const comparison *at, const char *hash) {
    return is_text(json_object_get(at->wanted, hash)) && is_text(json_object_get(at->kept, hash));
}

/* What the option's hash has said already. */
static int is_hashed(const comparison *at, const char *key) {
    char name[64];
    for (int i = 0; i < HASHED; i++) {
        if (strcmp(key, hashed[i].hash) == 0) return 1;
        if (!has_both(at, hashed[i].hash)) continue;
        for (size_t k = 0; k < sizeof hashed[i].names / sizeof *hashed[i].names; k++) {
            const cli_option *option = cli_option_at(at->command, hashed[i].names[k]);
            if (hashed[i].names[k] == 0 || !option) continue;
            cli_option_key(option, name);
            if (strcmp(name, key) == 0) return 1;
        }
        if (strcmp(hashed[i].what, "picture") == 0 && strcmp(key, "image") == 0) return 1;
    }
    return 0;
}

static int is_passed_over(const char *key) {
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        if (strcmp(passed_over[i], key) == 0) return 1;
    return 0;
}

/* The values of options that are not given, by their keys. NULL without memory. */
static json_t *make_defaults(const cli_command *command) {
    cli_settings settings;
    cli_settings_default(&settings, command);
    json_t *defaults = json_object();
    for (size_t i = 0; i < command->options_count; i++) {
        char name[64];
        cli_option_key(&command->options[i], name);
        json_t *value = cli_option_json(&command->options[i], &settings);
        cli_json_set(&defaults, name, value ? value : json_null());
    }
    return defaults;
}

/* The value that holds where a file of an earlier version has no such key. Not to be freed. */
static const json_t *default_value(comparison *at, const char *key) {
    if (!at->defaults) at->defaults = make_defaults(at->command);
    const json_t *value = json_object_get(at->defaults, key);
    return value ? value : json_null();
}

static int same_value(const json_t *a, const json_t *b) {
    if (json_is_number(a) && json_is_number(b)) return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static void compare_key(comparison *at, const char *key, const json_t *wanted) {
    const json_t *there = json_object_get(at->kept, key);
    if (!there) there = default_value(at, key);
    if (!same_value(wanted, there)) {
        char *is = json_dumps(there, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
        char *should_be =
            json_dumps(wanted, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
        add_text(at, key, is ? is : "?", should_be ? should_be : "?");
        free(is);
        free(should_be);
    }
}

int cli_metadata_agrees(const json_t *wanted, const json_t *kept, const cli_command *command, int any_seed,
                        char *difference, size_t size) {
    comparison at = {wanted, kept, command, NULL, difference, size, 0};
    const cli_option *seed = cli_option_at(command, CLI_AT(params.seed));
    const char *key;
    json_t *value;
    *difference = 0;
    for (int i = 0; i < HASHED; i++) {
        const json_t *here = json_object_get(wanted, hashed[i].hash), *there = json_object_get(kept, hashed[i].hash);
        if (has_both(&at, hashed[i].hash) && !json_equal(here, there))
            add_text(&at, hashed[i].what, "another", "this one");
    }
    json_object_foreach((json_t *)(uintptr_t)wanted, key, value) {
        if (is_passed_over(key) || is_hashed(&at, key) || (any_seed && strcmp(key, seed->name) == 0)) continue;
        compare_key(&at, key, value);
    }
    json_decref(at.defaults);
    return !*difference;
}
