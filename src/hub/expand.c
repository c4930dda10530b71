/* "~" and variables in paths that the environment gives. */
#include "hub/expand.h"

#include "base/file.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAME 256

/* What Python leaves as it stands there names a folder only if there is one already. A new one of such a name would be
 * a mistake, with gigabytes in the wrong place. */
static int exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* ---- homes ------------------------------------------------------------------------------------------------------ */

/* The home folder of a user, or of this process's ("") where HOME does not say; allocated. NULL: there is none. */
static char *home_of(const char *user) {
    const char *home = *user ? NULL : getenv("HOME");
    if (home && *home) return strdup(home);
    struct passwd entry, *found = NULL;
    size_t size = 1 << 16;
    char *room = malloc(size), *path = NULL;
    if (room && *user)
        getpwnam_r(user, &entry, room, size, &found);
    else if (room)
        getpwuid_r(getuid(), &entry, room, size, &found);
    if (found && found->pw_dir && *found->pw_dir) path = strdup(found->pw_dir);
    free(room);
    return path;
}

static i2v_status fail_home(const char *path, const char *user, const char *from, i2v_error *error) {
    if (!*user)
        return i2v_fail(error, I2V_ERROR_PARAMETER, "there is no home folder (HOME is not set) for %s; set HF_HOME",
                        path);
    return i2v_fail(error, I2V_ERROR_PARAMETER, "%s is %s, but there is no user %s here; give the whole path", from,
                    path, user);
}

i2v_status i2v_expand_home(char **expanded, const char *path, const char *from, i2v_error *error) {
    char user[MAX_NAME] = "", *home = NULL;
    size_t length = strcspn(path, "/");
    *expanded = NULL;
    if (*path == '~') {
        snprintf(user, sizeof user, "%.*s", (int)(length - 1 < MAX_NAME ? length - 1 : MAX_NAME), path + 1);
        home = length <= MAX_NAME ? home_of(user) : NULL;
        if (!home && !exists(path)) return fail_home(path, user, from, error);
    }
    if (home) {
        for (size_t end = strlen(home); end > 1 && home[end - 1] == '/';) home[--end] = 0;
        *expanded = path[length] ? i2v_path_join(home, path + length + 1) : strdup(home);
    } else {
        *expanded = strdup(path);
    }
    free(home);
    return *expanded ? I2V_OK : i2v_fail_memory(error, from, strlen(path));
}

/* ---- variables -------------------------------------------------------------------------------------------------- */

/* Reads "$NAME" or "${NAME}" at text: the characters that it takes, 0 if it is none. */
static size_t read_name(char name[MAX_NAME], const char *text) {
    int braces = text[1] == '{';
    const char *start = text + 1 + braces;
    size_t length = 0;
    if (braces)
        length = strcspn(start, "}");
    else
        while (start[length] == '_' || (isascii((unsigned char)start[length]) && isalnum((unsigned char)start[length])))
            length++;
    if (length == 0 || length >= MAX_NAME || (braces && start[length] != '}')) return 0;
    snprintf(name, MAX_NAME, "%.*s", (int)length, start);
    return length + 1 + 2 * (size_t)braces;
}

/* path with its variables. unset gets the name of one that is not set, and stays as it is if all are. */
static void write_expanded(FILE *out, const char *path, char unset[MAX_NAME]) {
    while (*path) {
        char name[MAX_NAME];
        size_t taken = *path == '$' ? read_name(name, path) : 0;
        const char *value = taken ? getenv(name) : NULL;
        if (taken && !value) snprintf(unset, MAX_NAME, "%s", name);
        if (value)
            fputs(value, out);
        else
            fprintf(out, "%.*s", taken ? (int)taken : 1, path);
        path += taken ? taken : 1;
    }
}

i2v_status i2v_expand_path(char **expanded, const char *path, const char *from, i2v_error *error) {
    char *with_home = NULL, *text = NULL, unset[MAX_NAME] = "";
    size_t size = 0;
    *expanded = NULL;
    i2v_status status = i2v_expand_home(&with_home, path, from, error);
    if (status != I2V_OK) return status;
    FILE *out = open_memstream(&text, &size);
    if (out) write_expanded(out, with_home, unset);
    int is_whole = out && !ferror(out);
    /* without memory for its end it closes well, and text is NULL */
    if (!out || fclose(out) != 0 || !is_whole || !text)
        status = i2v_fail_memory(error, from, strlen(path));
    else if (*unset && !exists(text))
        status = i2v_fail(error, I2V_ERROR_PARAMETER,
                          "%s is %s, but the environment variable %s is not set; set it, or give %s the whole path",
                          from, path, unset, from);
    free(with_home);
    if (status == I2V_OK)
        *expanded = text;
    else
        free(text);
    return status;
}
