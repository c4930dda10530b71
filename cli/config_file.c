/* Reads the configuration file and the environment's variables. */
#include "config_file.h"
#include "failure.h"
#include "img2vid/img2vid.h"
#include "message.h"
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1 << 16 }; /* bytes of a file: some fifty options need a hundredth of it */

static int fail_memory(void) {
    return cli_fail("not enough memory for the configuration");
}

/* ---- a list ----------------------------------------------------------------------------------------------------- */

/* Takes all three, which may be NULL for lack of memory. */
static int add(cli_config_list *list, char *name, char *value, char *label) {
    cli_config_entry *grown = name && value && label ? realloc(list->entries, (list->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(name);
        free(value);
        free(label);
        return fail_memory();
    }
    list->entries = grown;
    list->entries[list->count++] = (cli_config_entry){name, value, label, 0};
    return CLI_PARSED;
}

void cli_config_free(cli_config_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i].name);
        free(list->entries[i].value);
        free(list->entries[i].label);
    }
    free(list->entries);
    free(list->path);
    *list = (cli_config_list){0};
}

/* ---- the file's place ------------------------------------------------------------------------------------------- */

/* NULL if it is not set or empty. */
static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* *path is NULL where there can be none. A relative XDG_CONFIG_HOME does not count: that specification says so. */
static int find_path(char **path) {
    const char *named = variable("IMG2VID_CONFIG"), *folder = variable("XDG_CONFIG_HOME"), *home = variable("HOME");
    int length = 0;
    *path = NULL;
    if (named)
        *path = strdup(named);
    else if (folder && *folder == '/')
        length = asprintf(path, "%s/img2vid/config", folder);
    else if (home)
        length = asprintf(path, "%s/.config/img2vid/config", home);
    else
        return CLI_PARSED;
    if (length < 0) *path = NULL;
    return *path ? CLI_PARSED : fail_memory();
}

/* ---- its text --------------------------------------------------------------------------------------------------- */

static int fail_read(const cli_command *command, const char *path, const char *why) {
    return cli_refuse(command, I2V_ERROR_IO, "cannot read the configuration file %s: %s; --no-config leaves it out",
                      path, why);
}

/* All of a regular file, with a NUL behind it. */
static int read_descriptor(char **text, int descriptor, const char *path, const cli_command *command) {
    struct stat info;
    if (fstat(descriptor, &info) != 0) return fail_read(command, path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return fail_read(command, path, S_ISDIR(info.st_mode) ? "it is a folder" : "it is no file");
    *text = malloc(MOST + 2);
    if (!*text) return fail_memory();
    size_t size = 0;
    ssize_t got = 1;
    while (got != 0 && size <= MOST) {
        got = read(descriptor, *text + size, MOST + 1 - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_read(command, path, strerror(errno));
        size += (size_t)got;
    }
    (*text)[size] = 0;
    /* editors of Windows begin a file of UTF-8 with this */
    if (strncmp(*text, "\xef\xbb\xbf", 3) == 0) memmove(*text, *text + 3, (size -= 3) + 1);
    if (size > MOST) return fail_read(command, path, "it has more than 64 KiB");
    return memchr(*text, 0, size) ? fail_read(command, path, "it is no text") : CLI_PARSED;
}

/* *text is NULL where there is no file, which is right unless it was named. Opened without waiting: it may be a pipe.
 */
static int read_text(char **text, const char *path, const cli_command *command) {
    int named = variable("IMG2VID_CONFIG") != NULL;
    *text = NULL;
    if (named && strcmp(path, "/dev/null") == 0) return CLI_PARSED;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0 && !named && (errno == ENOENT || errno == ENOTDIR)) return CLI_PARSED;
    if (descriptor < 0) return fail_read(command, path, strerror(errno));
    int status = read_descriptor(text, descriptor, path, command);
    close(descriptor);
    return status;
}

/* ---- its lines -------------------------------------------------------------------------------------------------- */

/* Without white space around it; in place. */
static char *trim(char *text) {
    while (isspace((unsigned char)*text)) text++;
    for (size_t end = strlen(text); end > 0 && isspace((unsigned char)text[end - 1]);) text[--end] = 0;
    return text;
}

/* "a b" in quotation marks is a b, with the spaces at its ends. */
static char *unquote(char *text) {
    size_t length = strlen(text);
    if (length < 2 || *text != '"' || text[length - 1] != '"') return text;
    text[length - 1] = 0;
    return text + 1;
}

/* As a new text; NULL without memory. */
static char *with_home(const char *value, const char *home) {
    char *expanded;
    if (*value != '~') return strdup(value);
    return asprintf(&expanded, "%s%s", home, value + 1) < 0 ? NULL : expanded;
}

static int read_line(cli_config_list *list, char *line, int number, const cli_command *command) {
    const char *home = variable("HOME");
    line = trim(line);
    if (!*line || *line == '#') return CLI_PARSED;
    char *equals = strchr(line, '='), *label;
    if (!equals || equals == line)
        return cli_wrong_usage(command, "%s:%d: '%.100s' is no 'name = value'", list->path, number, line);
    *equals = 0;
    char *name = trim(line), *value = unquote(trim(equals + 1));
    for (char *c = name; *c; c++)
        if (*c == '_') *c = '-';
    if (*value == '~' && (!home || (value[1] && value[1] != '/')))
        return cli_wrong_usage(command, "%s:%d: '%.100s': %s; write the whole path", list->path, number, value,
                               home ? "~ stands for the home folder before a / alone" : "~ means nothing without HOME");
    if (asprintf(&label, "%s:%d: %.100s", list->path, number, name) < 0) label = NULL;
    return add(list, strdup(name), with_home(value, home), label);
}

int cli_config_read_file(cli_config_list *list, const cli_command *command) {
    char *text = NULL, *next;
    int status = find_path(&list->path), number = 0;
    if (status == CLI_PARSED && list->path) status = read_text(&text, list->path, command);
    if (!text) {
        free(list->path);
        list->path = NULL;
    }
    for (next = text; status == CLI_PARSED && next;) {
        char *line = strsep(&next, "\n");
        status = read_line(list, line, ++number, command);
    }
    free(text);
    return status;
}

/* ---- the environment -------------------------------------------------------------------------------------------- */

/* What the program, the Python package and the tests have for themselves. */
static int is_no_option(const char *name, size_t length) {
    static const char *const names[] = {"CONFIG", "LIBRARY", "FAULT_PAGE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return 1;
    return 0;
}

/* "MAX_MEMORY" as "max-memory"; what cannot be a variable of ours stays, so that no option is called so. */
static char *option_name(const char *name, size_t length) {
    char *text = strndup(name, length);
    for (char *c = text; c && *c; c++)
        *c = *c == '_' ? '-' : (char)(isupper((unsigned char)*c) ? tolower(*c) : toupper((unsigned char)*c));
    return text;
}

int cli_config_read_environment(cli_config_list *list) {
    static const char prefix[] = "IMG2VID_";
    extern char **environ;
    int status = CLI_PARSED;
    for (char **at = environ; at && *at && status == CLI_PARSED; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals || !equals[1] || strncmp(*at, prefix, strlen(prefix)) != 0) continue; /* empty is as not set */
        const char *name = *at + strlen(prefix);
        size_t length = (size_t)(equals - name);
        if (!is_no_option(name, length))
            status = add(list, option_name(name, length), strdup(equals + 1), strndup(*at, (size_t)(equals - *at)));
    }
    return status;
}
