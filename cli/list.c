/* A list of jobs, as --jobs reads it. */
#include "list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_list_place(cli_list *list, int line) {
    snprintf(list->where, sizeof list->where, "%s:%d", list->name, line);
    list->command.where = list->where;
}

int cli_list_add(cli_list *list, const cli_list_entry *entry) {
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 16;
        cli_list_entry *grown = realloc(list->entries, room * sizeof *grown);
        if (!grown) return 0;
        list->entries = grown;
        list->room = room;
    }
    list->entries[list->count++] = *entry;
    return 1;
}

void cli_list_entry_free(cli_list_entry *entry) {
    cli_settings_free(&entry->settings);
    json_decref(entry->values);
    free(entry->failure);
    memset(entry, 0, sizeof *entry);
}

void cli_list_free(cli_list *list) {
    if (!list) return;
    for (size_t i = 0; i < list->count; i++) cli_list_entry_free(&list->entries[i]);
    free(list->entries);
    free(list);
}
