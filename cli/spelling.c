/* The command line's spelling of parameters: "max_memory" is "--max-memory". */
#include "spelling.h"

#include <stdio.h>
#include <string.h>

/* The first `length` characters of name, with '-' for '_'. */
static size_t put_name(char *text, size_t size, const char *dashes, const char *name, size_t length) {
    int put = snprintf(text, size, "%s%.*s", dashes, (int)length, name);
    for (char *c = size > 0 ? text : NULL; c && *c; c++)
        if (*c == '_') *c = '-';
    return put < 0 ? 0 : (size_t)put < size ? (size_t)put : size > 0 ? size - 1 : 0;
}

const char *cli_spell_name(char *text, size_t size, const char *name) {
    put_name(text, size, "", name, strlen(name));
    return text;
}

const char *cli_spell_help(char *text, size_t size, const char *help) {
    size_t used = 0;
    while (used + 1 < size && *help) {
        size_t length = *help == '`' ? strcspn(help + 1, "`") : 0;
        if (length) {
            used += put_name(text + used, size - used, "--", help + 1, length);
            help += length + 2;
        } else {
            text[used++] = *help++;
        }
    }
    text[used] = '\0';
    return text;
}

void cli_spell_error(const cli_command *command, i2v_error *error) {
    char spelled[sizeof error->message], name[64];
    size_t used = 0, from = 0, length = strlen(error->message);
    for (int i = 0; command && i < error->names_count; i++) {
        size_t begin = (size_t)error->names[i].begin, size = (size_t)error->names[i].length;
        if (begin < from || begin + size > length || size >= sizeof name) continue;
        put_name(name, sizeof name, "", error->message + begin, size);
        if (!cli_option_named(command, name)) continue;
        int put = snprintf(spelled + used, sizeof spelled - used, "%.*s--%s", (int)(begin - from),
                           error->message + from, name);
        used += (size_t)put;
        if (used >= sizeof spelled) used = sizeof spelled - 1;
        from = begin + size;
    }
    snprintf(spelled + used, sizeof spelled - used, "%s", error->message + from);
    strcpy(error->message, spelled);
    error->names_count = 0;
}
