/* The list of tokens that huggingface_hub keeps. */
#include "hub/stored_tokens.h"

#include "base/file.h"
#include "base/system.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_LIST ((size_t)1 << 20)

/* What is known of one token: a section of the list. */
typedef struct section {
    int is_ours, is_login;
    int64_t expires;
} section;

/* The value of "key = value", as Python's configparser writes it; NULL if line has another key. Cuts white space off.
 */
static char *value_of(char *line, const char *key) {
    size_t length = strlen(key);
    if (strncasecmp(line, key, length) != 0) return NULL;
    char *value = line + length + strspn(line + length, " \t");
    if (*value != '=' && *value != ':') return NULL;
    value += 1 + strspn(value + 1, " \t");
    for (size_t end = strlen(value); end > 0 && isspace((unsigned char)value[end - 1]);) value[--end] = 0;
    return value;
}

static void read_line(section *now, char *line, const char *token) {
    char *value;
    if ((value = value_of(line, "hf_token"))) {
        now->is_ours = strcmp(value, token) == 0;
    } else if ((value = value_of(line, "refresh_token"))) {
        now->is_login = *value != 0;
    } else if ((value = value_of(line, "expires_at")) && isdigit((unsigned char)*value)) {
        now->is_login = 1;
        now->expires = strtoll(value, NULL, 10);
    }
}

/* Looks through the list, [name] and lines of it; its text is changed. */
static section find_section(char *text, const char *token) {
    section now = {.expires = -1};
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        if (*line != '[') {
            read_line(&now, line, token);
        } else if (now.is_ours) {
            break;
        } else {
            now = (section){.expires = -1};
        }
    }
    return now;
}

int i2v_stored_login(const char *token_path, const char *token, int64_t *expires) {
    const char *slash = strrchr(token_path, '/');
    char *path = NULL, *text = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    section found = {.expires = -1};
    if (asprintf(&path, "%.*sstored_tokens", slash ? (int)(slash + 1 - token_path) : 0, token_path) < 0) path = NULL;
    if (path && i2v_is_file(path) && i2v_file_read(&data, &size, path, MAX_LIST, NULL) == I2V_OK)
        text = strndup((const char *)data, size);
    if (text) {
        size_t length = strlen(text);
        found = find_section(text, token);
        i2v_system_wipe(text, length);
        i2v_system_wipe(data, size);
    }
    free(text);
    free(data);
    free(path);
    *expires = found.expires;
    return found.is_ours && found.is_login;
}
