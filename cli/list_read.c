/* --jobs: reads a list of jobs, one JSON object a line. */
#include "list_read.h"
#include "failure.h"
#include "list.h"
#include "list_line.h"
#include "settings_check.h"
#include "tasks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tree may take 90 bytes of memory for a byte of text. */
enum { MOST_LINE = 256 << 10, MOST_LIST = 16 << 20, MOST_TOLD = 20 };

/* ---- the text --------------------------------------------------------------------------------------------------- */

/* All of the file, with a NUL behind it; *size is without that. NULL after saying why. */
static char *read_file(FILE *file, const cli_settings *settings, size_t *size) {
    size_t room = 1 << 16;
    char *text = malloc(room);
    *size = 0;
    while (text) {
        *size += fread(text + *size, 1, room - 1 - *size, file);
        if (*size < room - 1) break;
        char *grown = room <= MOST_LIST ? realloc(text, 2 * room) : NULL;
        if (!grown) break;
        text = grown;
        room *= 2;
    }
    const char *why = !text               ? strerror(ENOMEM)
                      : ferror(file)      ? strerror(errno)
                      : *size > MOST_LIST ? "it is larger than 16 MiB, the limit"
                      : *size == room - 1 ? strerror(ENOMEM)
                                          : NULL;
    if (!why) {
        text[*size] = 0;
        return text;
    }
    cli_refuse(settings->command, ferror(file) ? I2V_ERROR_IO : I2V_ERROR_MEMORY, "cannot read the list %s: %s",
               settings->list->name, why);
    free(text);
    return NULL;
}

static char *read_text(const cli_settings *settings, size_t *size) {
    if (strcmp(settings->jobs, "-") == 0) return read_file(stdin, settings, size);
    FILE *file = fopen(settings->jobs, "rbe");
    if (!file) {
        cli_refuse(settings->command, I2V_ERROR_IO, "cannot open the list %s: %s", settings->list->name,
                   strerror(errno));
        return NULL;
    }
    char *text = read_file(file, settings, size);
    fclose(file);
    return text;
}

/* ---- its lines -------------------------------------------------------------------------------------------------- */

/* Empty, or a comment. */
static int holds_nothing(const char *text) {
    text += strspn(text, " \t\r");
    return !*text || *text == '#';
}

/* text: the line without its end, with a NUL behind it. */
static int read_line(cli_settings *settings, const char *text, size_t length, int line, cli_set given) {
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    cli_list *list = settings->list;
    cli_list_place(list, line);
    if (line == 1 && strncmp(text, byte_order_mark, 3) == 0) text += 3, length -= 3;
    if (strlen(text) < length) return cli_wrong_usage(&list->command, "there is a NUL byte in this line");
    if (holds_nothing(text)) return CLI_PARSED;
    if (length > MOST_LINE)
        return cli_wrong_usage(&list->command, "this line is longer than %d KiB, the limit", MOST_LINE >> 10);
    return cli_list_line(list, text, line, settings, given);
}

/* Tells of the first lines that are wrong. */
static int read_lines(cli_settings *settings, char *text, size_t size, cli_set given) {
    int line = 1, wrong = 0, status = CLI_PARSED;
    for (char *end, *at = text; at < text + size && wrong < MOST_TOLD; at = end + 1, line++) {
        end = memchr(at, '\n', (size_t)(text + size - at));
        if (!end) end = text + size;
        *end = 0;
        int line_status = read_line(settings, at, (size_t)(end - at), line, given);
        if (line_status == CLI_PARSED) continue;
        status = line_status;
        wrong++;
    }
    if (wrong == MOST_TOLD)
        cli_fail("%s: there may be more; lines behind that one were not read", settings->list->where);
    settings->list->command.where = NULL;
    return status;
}

/* ---- shards ----------------------------------------------------------------------------------------------------- */

static int read_shard(const cli_settings *settings, int *part, int *parts) {
    char end;
    const char *shard = settings->shard;
    *part = *parts = 1;
    if (!shard) return CLI_PARSED;
    int good = strspn(shard, "0123456789/") == strlen(shard) && strlen(shard) < 16 &&
               sscanf(shard, "%d/%d%c", part, parts, &end) == 2 && *part >= 1 && *part <= *parts;
    if (good && *parts <= CLI_MOST_JOBS) return CLI_PARSED;
    return cli_wrong_option(settings->command, "shard",
                            "--shard takes the part and how many there are, such as 1/3 to 3/3, not '%s'", shard);
}

/* Every parts-th job, so that parts of a grid take about as long. */
static void keep_shard(cli_list *list, int part, int parts) {
    size_t kept = 0;
    list->total = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (i % (size_t)parts == (size_t)part - 1)
            list->entries[kept++] = list->entries[i];
        else
            cli_list_entry_free(&list->entries[i]);
    }
    list->count = kept;
}

/* What depends on the others: parts stay loaded for the next job, and a seed was drawn where one needs it. */
static void settle(cli_settings *settings) {
    cli_list *list = settings->list;
    int needs_seed = 0;
    for (size_t i = 0; i < list->count; i++) {
        cli_settings *own = &list->entries[i].settings;
        own->options.keep_loaded = list->count > 1 || own->params.extend > 0;
        needs_seed |= own->seed_drawn;
    }
    settings->seed_drawn = needs_seed;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int begin(cli_settings *settings, cli_set given) {
    const cli_command *command = settings->command;
    int status = cli_settings_check_exclusions(command, given, given);
    if (status != CLI_PARSED) return status;
    cli_list *list = settings->list = calloc(1, sizeof *list);
    if (!list) return cli_refuse(command, I2V_ERROR_MEMORY, "not enough memory for a list of jobs");
    const char *name = strcmp(settings->jobs, "-") == 0 ? "standard input" : settings->jobs;
    snprintf(list->name, sizeof list->name, "%s", name);
    list->command = *command;
    if (cli_given(command, given, CLI_AT(params.seed)) || settings->seeds.count || settings->plan) return CLI_PARSED;
    return cli_settings_draw_seed(settings);
}

int cli_list_read(cli_settings *settings, cli_set given) {
    int part, parts;
    size_t size;
    int status = begin(settings, given);
    if (status == CLI_PARSED) status = read_shard(settings, &part, &parts);
    if (status != CLI_PARSED) return status;
    char *text = read_text(settings, &size);
    if (!text) return CLI_FAILED;
    status = read_lines(settings, text, size, given);
    free(text);
    if (status == CLI_PARSED && settings->list->count == 0)
        return cli_wrong_usage(settings->command,
                               "there is no job in %s; write one on each line, {\"image\": ..., \"output\": ...}",
                               settings->list->name);
    if (status == CLI_PARSED) status = cli_tasks_check(settings);
    if (status != CLI_PARSED) return status;
    keep_shard(settings->list, part, parts);
    settle(settings);
    return status;
}
