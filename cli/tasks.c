/* What one command line asks for: every picture with every seed, or the jobs of a list. */
#include "tasks.h"
#include "failure.h"
#include "list.h"
#include "pattern.h"
#include "settings_value.h"

#include <stdlib.h>
#include <string.h>

int cli_videos_count(const cli_settings *settings) {
    return settings->params.video_index < 0 ? settings->params.num_videos : 1;
}

size_t cli_tasks_count(const cli_settings *settings) {
    size_t inputs = settings->operands.count, seeds = settings->seeds.count;
    if (settings->list) return settings->list->count;
    return (inputs ? inputs : 1) * (seeds ? seeds : 1);
}

int cli_tasks_are_many(const cli_settings *settings) {
    return settings->list || cli_tasks_count(settings) > 1;
}

static cli_task task_of_entry(const cli_list_entry *entry) {
    return (cli_task){.input = entry->settings.operand,
                      .index = entry->number - 1,
                      .seed = entry->settings.params.seed,
                      .settings = &entry->settings,
                      .entry = entry};
}

cli_task cli_task_at(const cli_settings *settings, size_t place) {
    if (settings->list) return task_of_entry(&settings->list->entries[place]);
    size_t seeds = settings->seeds.count, input = seeds ? place / seeds : place;
    return (cli_task){.input = settings->operands.count ? settings->operands.items[input] : settings->operand,
                      .index = (int)input,
                      .seed = seeds ? settings->seeds.values[place % seeds] : settings->params.seed,
                      .settings = settings};
}

char *cli_task_path(const cli_settings *settings, const cli_task *task, const char *pattern, int video, int videos) {
    int first = settings->params.video_index > 0 ? settings->params.video_index : 0;
    cli_fields fields = {.input = task->input ? task->input : "",
                         .seed = settings->command->bit == CLI_GENERATE ? &task->seed : NULL,
                         .index = task->index + 1,
                         .video = first + video + 1,
                         .videos = videos,
                         .settings = settings};
    return cli_pattern_path(pattern, &fields);
}

/* ---- no two to one file ----------------------------------------------------------------------------------------- */

typedef struct {
    char *path;
    cli_task task;
} output;

typedef struct {
    output *items;
    size_t count, room;
} output_list;

/* The paths of a task's videos by a pattern; 0 without memory. */
static int add_paths(output_list *list, const cli_task *task, const char *pattern) {
    /* a single task's videos have numbers; more than the library makes need no names */
    int all = cli_videos_count(task->settings), videos = all < 4096 ? all : 4096;
    if (!pattern) return 1;
    for (int video = 0; video < videos; video++) {
        if (list->count == list->room) {
            size_t room = list->room ? 2 * list->room : 64;
            output *items = realloc(list->items, room * sizeof *items);
            if (!items) return 0;
            list->items = items;
            list->room = room;
        }
        char *path = cli_task_path(task->settings, task, pattern, video, all);
        if (!path) return 0;
        list->items[list->count++] = (output){path, *task};
    }
    return 1;
}

static int add_all(output_list *list, const cli_settings *settings) {
    for (size_t i = 0; i < cli_tasks_count(settings); i++) {
        cli_task task = cli_task_at(settings, i);
        const cli_settings *own = task.settings;
        if (!add_paths(list, &task, own->path) || !add_paths(list, &task, own->save_latents) ||
            !add_paths(list, &task, own->sheet) || !add_paths(list, &task, own->params.checkpoint))
            return 0;
    }
    return 1;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const output *)a)->path, ((const output *)b)->path);
}

/* The first key in which two jobs of a line differ, which tells them apart; "index" for others. */
static const char *first_difference(const cli_list_entry *a, const cli_list_entry *b) {
    cli_value value;
    const char *key;
    json_t *first;
    if (a->line != b->line) return "index";
    json_object_foreach(a->values, key, first) {
        if (json_equal(first, json_object_get(b->values, key))) continue;
        return cli_settings_value(&value, NULL, key) ? key : strcmp(key, "image") == 0 ? "name" : "index";
    }
    return "index";
}

static int refuse_jobs(const cli_settings *settings, const output *a, const output *b) {
    const cli_list *list = settings->list;
    const cli_list_entry *first = a->task.entry, *second = b->task.entry;
    if (first->number > second->number) return refuse_jobs(settings, b, a);
    return cli_wrong_usage(
        settings->command, "jobs %d (%s:%d) and %d (%s:%d) would both write %s: put {%s} into output", first->number,
        list->name, first->line, second->number, list->name, second->line, a->path, first_difference(first, second));
}

static int refuse_twice(const cli_settings *settings, const output *a, const output *b) {
    const cli_command *command = settings->command;
    if (a->task.entry && a->task.entry != b->task.entry) return refuse_jobs(settings, a, b);
    if (a->task.index != b->task.index)
        return cli_wrong_usage(command, "%s and %s would both be written to %s: put {name} or {index} into that name",
                               a->task.input, b->task.input, a->path);
    if (a->task.seed != b->task.seed)
        return cli_wrong_usage(command, "two seeds would be written to %s: put {seed} into that name", a->path);
    return cli_wrong_usage(command, "two files would be written to %s: give the outputs different names", a->path);
}

static int check_different(const cli_settings *settings) {
    output_list list = {0};
    int status = CLI_PARSED;
    if (!add_all(&list, settings))
        status = cli_refuse(settings->command, I2V_ERROR_MEMORY, "not enough memory for the names of all videos");
    if (status == CLI_PARSED && list.count) qsort(list.items, list.count, sizeof *list.items, by_path);
    for (size_t i = 1; status == CLI_PARSED && i < list.count; i++)
        if (by_path(&list.items[i - 1], &list.items[i]) == 0)
            status = refuse_twice(settings, &list.items[i - 1], &list.items[i]);
    for (size_t i = 0; i < list.count; i++) free(list.items[i].path);
    free(list.items);
    return status;
}

int cli_tasks_check(const cli_settings *settings) {
    const char *patterns[] = {settings->path, settings->save_latents, settings->sheet, settings->params.checkpoint};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && !settings->list; i++) {
        const char *wrong = patterns[i] ? cli_pattern_wrong(patterns[i], settings->command->bit == CLI_GENERATE) : NULL;
        if (wrong) return cli_wrong_usage(settings->command, "cannot write to '%s': %s", patterns[i], wrong);
    }
    return check_different(settings);
}
