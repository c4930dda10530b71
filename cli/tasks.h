/* What one command line asks for: every picture with every seed, or the jobs of a list. */
#ifndef CLI_TASKS_H
#define CLI_TASKS_H

#include "settings.h"

typedef struct cli_task {
    const char *input; /* the picture; of decode, the latents */
    int index;         /* its place among the inputs, from 0 */
    uint64_t seed;
    const cli_settings *settings;       /* that it is made by: of a job in a list its own */
    const struct cli_list_entry *entry; /* that job; NULL: there is no list */
} cli_task;

/* Videos of a task. */
int cli_videos_count(const cli_settings *settings);

/* At least 1; of a list's shard it may be none. */
size_t cli_tasks_count(const cli_settings *settings);
/* True where each is reported as one of several: of a list, whatever it holds. */
int cli_tasks_are_many(const cli_settings *settings);
/* Pictures in their order, each with all seeds; the jobs of the list in theirs. */
cli_task cli_task_at(const cli_settings *settings, size_t place);

/* Where video `video`, from 0, of the `videos` of a task goes: --output, --save-latents or --sheet with its fields filled
 * in. To be freed; NULL without memory. */
char *cli_task_path(const cli_settings *settings, const cli_task *task, const char *pattern, int video, int videos);

/* Are the names of all outputs well formed and different? CLI_PARSED, or the exit status after printing what is not. */
int cli_tasks_check(const cli_settings *settings);

#endif
