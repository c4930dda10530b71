/* A list of jobs, as --jobs reads it: its lines, and the settings and names of files that they make. */
#include "fuzz.h"

#include "list.h"
#include "settings_read.h"
#include "tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As `img2vid generate --jobs FILE --seeds 1,2 --crf 20`. */
static void apply(char *path) {
    cli_all_options all;
    cli_all_options_make(&all);
    const cli_command command = {CLI_GENERATE, "generate", "IMAGE", "",   "",   "", all.options,
                                 all.count,    1,          0,       NULL, NULL, 0};
    char jobs[] = "--jobs", seeds[] = "--seeds", two[] = "1,2", crf[] = "--crf", twenty[] = "20";
    char *argv[] = {jobs, path, seeds, two, crf, twenty, NULL};
    cli_settings settings;
    int status = cli_settings_read(&settings, &command, 6, argv);
    for (size_t i = 0; status == CLI_PARSED && i < cli_tasks_count(&settings); i++) {
        cli_task task = cli_task_at(&settings, i);
        fuzz_require(task.input && task.settings->path && task.entry->line > 0);
        char *output = cli_task_path(task.settings, &task, task.settings->path, 0, 1);
        fuzz_require(output != NULL);
        free(output);
    }
    cli_list_free(settings.list);
    cli_settings_free(&settings);
}

/* What the program says is not wanted here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static FILE *nowhere;
    if (!nowhere) nowhere = fopen("/dev/null", "w");
    fuzz_require(nowhere != NULL);
    char path[64];
    snprintf(path, sizeof path, "%s", fuzz_file(data, size, 0));
    FILE *told = stderr;
    stderr = nowhere;
    apply(path);
    stderr = told;
    return 0;
}
