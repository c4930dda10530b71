/* API keys: who may use the server, and who a client is. */
#include "keys.h"
#include "failure.h"
#include "key_owner.h"
#include "random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LEAST = 16 };

static int add(server_keys *keys, const char *client, const char *key) {
    server_key *grown = realloc(keys->items, (keys->count + 1) * sizeof *grown);
    if (!grown) return 0;
    keys->items = grown;
    server_key *added = &grown[keys->count++];
    memset(added, 0, sizeof *added);
    snprintf(added->client, sizeof added->client, "%s", client);
    snprintf(added->key, sizeof added->key, "%s", key);
    return 1;
}

static int is_printable(const char *text) {
    for (; *text; text++)
        if (*text <= ' ' || *text > '~') return 0;
    return 1;
}

/* Whoever could take a name that begins so would have the jobs of a key without one. */
static const char derived[] = "key-";

static i2v_status check_name(const char *name, const char *path, int number, i2v_error *error) {
    if (strlen(name) >= SERVER_CLIENT_SIZE)
        return server_fail(error, I2V_ERROR_FORMAT, "%s:%d: the name is too long; it has %d bytes at most", path,
                           number, SERVER_CLIENT_SIZE - 1);
    if (!is_printable(name))
        return server_fail(error, I2V_ERROR_FORMAT, "%s:%d: a name has letters of ASCII, digits and signs", path,
                           number);
    if (strncmp(name, derived, strlen(derived)) == 0)
        return server_fail(error, I2V_ERROR_FORMAT,
                           "%s:%d: names that begin with %s are those of keys without a name; give another", path,
                           number, derived);
    return I2V_OK;
}

/* The sentence never has the key. */
static i2v_status check_key(const server_keys *keys, const char *key, const char *path, int number, i2v_error *error) {
    if (*key == '#')
        return server_fail(error, I2V_ERROR_FORMAT, "%s:%d: a key does not begin with #; a comment has its own line",
                           path, number);
    if (strlen(key) < LEAST || strlen(key) >= SERVER_KEY_SIZE - 1 || !is_printable(key))
        return server_fail(error, I2V_ERROR_FORMAT,
                           "%s:%d: a key has %d to %d letters, digits and signs, such as openssl rand -hex 24 gives",
                           path, number, LEAST, SERVER_KEY_SIZE - 2);
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->items[i].key, key) == 0)
            return server_fail(error, I2V_ERROR_FORMAT, "%s:%d: this key stands further up already", path, number);
    return I2V_OK;
}

static i2v_status read_line(server_keys *keys, const char *path, int number, char *line, i2v_error *error) {
    char owner[SERVER_KEY_OWNER_SIZE], *rest;
    line[strcspn(line, "\r\n")] = 0;
    char *first = strtok_r(line, " \t", &rest), *second = first ? strtok_r(NULL, " \t", &rest) : NULL;
    if (!first || *first == '#') return I2V_OK;
    if (second && *second != '#' && strtok_r(NULL, " \t", &rest))
        return server_fail(error, I2V_ERROR_FORMAT, "%s:%d: a line is a key, or a name and a key", path, number);
    const char *key = second ? second : first;
    i2v_status status = check_key(keys, key, path, number, error);
    if (status != I2V_OK) return status;
    status = second ? check_name(first, path, number, error) : server_key_owner(key, owner, error);
    if (status == I2V_OK && !add(keys, second ? first : owner, key))
        status = server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the API keys");
    return status;
}

i2v_status server_keys_read(server_keys *keys, const char *path, i2v_error *error) {
    char *line = NULL;
    size_t size = 0;
    int number = 0;
    i2v_status status = I2V_OK;
    *keys = (server_keys){0};
    FILE *file = fopen(path, "re");
    if (!file) return server_fail(error, I2V_ERROR_IO, "cannot read the API keys in %s: %s", path, strerror(errno));
    errno = 0;
    while (status == I2V_OK && getline(&line, &size, file) >= 0) status = read_line(keys, path, ++number, line, error);
    if (status == I2V_OK && ferror(file))
        status = server_fail(error, I2V_ERROR_IO, "cannot read the API keys in %s: %s", path, strerror(errno));
    if (line) explicit_bzero(line, size);
    free(line);
    fclose(file);
    if (status == I2V_OK && keys->count == 0)
        status = server_fail(error, I2V_ERROR_FORMAT, "%s has no API key; write one a line", path);
    return status;
}

i2v_status server_keys_draw(server_keys *keys, i2v_error *error) {
    char key[49];
    *keys = (server_keys){0};
    if (!server_random_digits(key, sizeof key))
        return server_fail(error, I2V_ERROR_INTERNAL, "the system gives no random key; give one with --api-key-file");
    return add(keys, "key-drawn", key) ? I2V_OK
                                       : server_fail(error, I2V_ERROR_MEMORY, "not enough memory for the API key");
}

const char *server_keys_find(const server_keys *keys, const char *authorization) {
    char given[SERVER_KEY_SIZE] = "";
    const char *found = NULL;
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0) return NULL;
    authorization += 7 + strspn(authorization + 7, " ");
    size_t length = strlen(authorization);
    if (length == 0 || length >= sizeof given) return NULL;
    memcpy(given, authorization, length);
    for (size_t i = 0; i < keys->count; i++) {
        unsigned char unlike = 0;
        for (size_t j = 0; j < sizeof given; j++) unlike |= (unsigned char)(given[j] ^ keys->items[i].key[j]);
        if (unlike == 0) found = keys->items[i].client;
    }
    return found;
}

void server_keys_end(server_keys *keys) {
    if (keys->items) explicit_bzero(keys->items, keys->count * sizeof *keys->items);
    free(keys->items);
    *keys = (server_keys){0};
}
