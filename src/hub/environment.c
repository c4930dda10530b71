/* Where the hub and its cache are, by huggingface_hub's environment variables. */
#include "hub/environment.h"

#include "base/file.h"
#include "base/system.h"
#include "hub/expand.h"
#include "hub/stored_tokens.h"
#include "hub/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_TOKEN 4096

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* As huggingface_hub's _is_true. */
static int is_true(const char *name) {
    static const char *const words[] = {"1", "ON", "YES", "TRUE"};
    const char *value = variable(name);
    for (size_t i = 0; value && i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(value, words[i]) == 0) return 1;
    return 0;
}

/* ---- folders ---------------------------------------------------------------------------------------------------- */

/* HF_HOME, $XDG_CACHE_HOME/huggingface or ~/.cache/huggingface. */
static i2v_status hub_home(char **home, i2v_error *error) {
    const char *given = variable("HF_HOME"), *caches = variable("XDG_CACHE_HOME");
    if (given) return i2v_expand_path(home, given, "HF_HOME", error);
    char *path = i2v_path_join(caches ? caches : "~/.cache", "huggingface");
    i2v_status status = path ? i2v_expand_path(home, path, caches ? "XDG_CACHE_HOME" : "HF_HOME", error)
                             : i2v_fail_memory(error, "the path of the cache", 0);
    free(path);
    return status;
}

/* What the variable names, or where that is not set the name in the hub's home folder. */
static i2v_status place_of(char **place, const char *name, const char *in_home, i2v_error *error) {
    if (variable(name)) return i2v_expand_path(place, variable(name), name, error);
    char *home = NULL;
    i2v_status status = hub_home(&home, error);
    if (status != I2V_OK) return status;
    char *path = i2v_path_join(home, in_home);
    status = path ? i2v_expand_path(place, path, "HF_HOME", error) /* once more, as there */
                  : i2v_fail_memory(error, "the path of the cache", 0);
    free(home);
    free(path);
    return status;
}

static i2v_status set_cache(i2v_hub_environment *environment, const i2v_hub_options *options, i2v_error *error) {
    static const char old[] = "HUGGINGFACE_HUB_CACHE";
    char **cache = &environment->cache;
    if (options && options->cache) return i2v_expand_home(cache, options->cache, "options.cache", error);
    return place_of(cache, variable("HF_HUB_CACHE") || !variable(old) ? "HF_HUB_CACHE" : old, "hub", error);
}

/* Who has no home folder has no such file either; its name is for messages then. */
static i2v_status set_token_path(i2v_hub_environment *environment, i2v_error *error) {
    static const char *const givers[] = {"HF_TOKEN_PATH", "HF_HOME", "XDG_CACHE_HOME"};
    i2v_status status = place_of(&environment->token_path, "HF_TOKEN_PATH", "token", error);
    for (size_t i = 0; i < sizeof givers / sizeof givers[0]; i++)
        if (status != I2V_ERROR_PARAMETER || variable(givers[i])) return status;
    environment->token_path = strdup("~/.cache/huggingface/token");
    return environment->token_path ? I2V_OK : i2v_fail_memory(error, "the path of the token", 0);
}

/* ---- the token -------------------------------------------------------------------------------------------------- */

/* As it is, without the white space around that an editor leaves; a token within a header must not end the line. */
static i2v_status set_token(i2v_hub_environment *environment, const char *text, const char *from, i2v_error *error) {
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1])) length--;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return i2v_fail(error, I2V_ERROR_PARAMETER,
                            "what is in %s is no access token: it has spaces or special characters", from);
    if (length == 0) return I2V_OK;
    environment->token = strndup(text, length);
    return environment->token ? I2V_OK : i2v_fail_memory(error, "the token", length);
}

static i2v_status read_token(i2v_hub_environment *environment, const i2v_hub_options *options, i2v_error *error) {
    if (options && options->token) return set_token(environment, options->token, "options.token", error);
    if (is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return I2V_OK;
    static const char *const names[] = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (variable(names[i])) return set_token(environment, variable(names[i]), names[i], error);
    if (!i2v_is_file(environment->token_path)) return I2V_OK;
    uint8_t *data = NULL;
    size_t size = 0;
    i2v_status status = i2v_file_read(&data, &size, environment->token_path, MAX_TOKEN, error);
    if (status != I2V_OK) return status;
    char *text = strndup((const char *)data, size);
    free(data);
    if (!text) return i2v_fail_memory(error, environment->token_path, size);
    status = set_token(environment, text, environment->token_path, error);
    environment->token_from_file = environment->token != NULL;
    i2v_system_wipe(text, strlen(text));
    free(text);
    if (environment->token)
        environment->token_from_login =
            i2v_stored_login(environment->token_path, environment->token, &environment->token_expires);
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static i2v_status set_endpoint(i2v_hub_environment *environment, const i2v_hub_options *options, i2v_error *error) {
    const char *given = options && options->endpoint ? options->endpoint : variable("HF_ENDPOINT");
    environment->endpoint = strdup(given ? given : "https://huggingface.co");
    if (!environment->endpoint) return i2v_fail_memory(error, "HF_ENDPOINT", 0);
    size_t length = strlen(environment->endpoint);
    while (length > 0 && environment->endpoint[length - 1] == '/') environment->endpoint[--length] = 0;
    i2v_origin origin;
    char shown[I2V_URL_SHOWN_SIZE];
    i2v_url_show(shown, environment->endpoint);
    if (i2v_url_origin(&origin, environment->endpoint)) return I2V_OK;
    if (errno == ENOMEM) return i2v_fail_memory(error, shown, 0);
    return i2v_fail(error, I2V_ERROR_PARAMETER, "HF_ENDPOINT is %s, which is no http or https address", shown);
}

i2v_status i2v_hub_environment_read(i2v_hub_environment *environment, const i2v_hub_options *options,
                                    i2v_error *error) {
    memset(environment, 0, sizeof *environment);
    environment->offline =
        (options && options->offline) || is_true("HF_HUB_OFFLINE") || is_true("TRANSFORMERS_OFFLINE");
    i2v_status status = set_cache(environment, options, error);
    if (status == I2V_OK) status = set_token_path(environment, error);
    if (status == I2V_OK) status = set_endpoint(environment, options, error);
    if (status == I2V_OK) status = read_token(environment, options, error);
    if (status != I2V_OK) i2v_hub_environment_free(environment);
    return status;
}

void i2v_hub_environment_free(i2v_hub_environment *environment) {
    if (environment->token) i2v_system_wipe(environment->token, strlen(environment->token));
    free(environment->endpoint);
    free(environment->cache);
    free(environment->token_path);
    free(environment->token);
    memset(environment, 0, sizeof *environment);
}
