/* A list of jobs, as --jobs reads it: what each job is, and what came of looking at it. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "settings.h"

/* One job: a line of the list, or one of those that a line with arrays stands for. */
typedef struct cli_list_entry {
    cli_settings settings; /* of the job alone; strings may be in values or in the command line's settings */
    json_t *values;        /* key by key, none an array that multiplies */
    int line, number;      /* of the file; of the whole list: both from 1 */
    int frames;            /* of each video file, once list_check.c has been */
    int finished;          /* its outputs are there, made with its parameters */
    i2v_error *failure;    /* what was found before the first job ran; NULL: nothing */
} cli_list_entry;

typedef struct cli_list {
    cli_list_entry *entries; /* those of this call's shard, in their order */
    size_t count, room;
    size_t total; /* of all shards */
    char name[256];
    cli_command command; /* as the settings' own, while the list is read: it says where */
    char where[300];
} cli_list;

/* Sets where to the list's name and a line of it, which messages of the list's command begin with. */
void cli_list_place(cli_list *list, int line);

/* Adds one, which is the list's from then on. 0 without memory. */
int cli_list_add(cli_list *list, const cli_list_entry *entry);

/* Frees what is in it. */
void cli_list_entry_free(cli_list_entry *entry);

/* Accepts NULL. */
void cli_list_free(cli_list *list);

#endif
