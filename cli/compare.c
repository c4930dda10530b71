/* img2vid compare: videos side by side, with labels and figures. */
#include "commands.h"
#include "compare_files.h"
#include "compare_report.h"
#include "failure.h"
#include "folders.h"
#include "grid.h"
#include "labels.h"
#include "measure.h"
#include "page.h"
#include "signals.h"
#include "spelling.h"
#include "strips.h"

#include <stdio.h>
#include <string.h>

static int check_usage(const cli_settings *settings) {
    const cli_command *command = settings->command;
    const char *path = settings->path;
    if (settings->operands.count < 2)
        return cli_wrong_usage(command, "one video is nothing to compare: give two or more");
    if (settings->operands.count > CLI_MOST_COMPARED)
        return cli_wrong_usage(command, "%zu videos are too many: %d are compared at once", settings->operands.count,
                               CLI_MOST_COMPARED);
    if (path && strcmp(path, "-") == 0)
        return cli_wrong_usage(command, "compare does not write to standard output: give -o a name");
    return CLI_PARSED;
}

static i2v_status save(cli_comparison *all) {
    const char *path = all->settings->path;
    if (!path) return I2V_OK;
    char doing[300];
    snprintf(doing, sizeof doing, "writing %s", path);
    cli_progress_say(&all->progress, doing);
    switch (cli_compare_kind_of(path)) {
    case CLI_COMPARE_PAGE:
        return cli_page_save(all, path);
    case CLI_COMPARE_PICTURE:
        return cli_strips_save(all, path);
    default:
        return cli_grid_save(all, path);
    }
}

static i2v_status run(cli_comparison *all, cli_folders *folders) {
    const cli_settings *settings = all->settings;
    for (; all->count < (int)settings->operands.count; all->count++)
        all->videos[all->count].path = settings->operands.items[all->count];
    i2v_status status = settings->path ? cli_folders_make(folders, settings->path, &all->error) : I2V_OK;
    if (status == I2V_OK) status = cli_compare_check_output(all);
    if (status == I2V_OK) status = cli_measure(all);
    if (status == I2V_OK) status = cli_compare_check_places(all);
    if (status == I2V_OK) status = cli_labels_make(all);
    return status == I2V_OK ? save(all) : status;
}

static int fail(cli_comparison *all, i2v_status status) {
    const cli_command *command = all->settings->command;
    if (status == I2V_CANCELLED) {
        cli_refuse(command, I2V_CANCELLED, "interrupted");
        return CLI_INTERRUPTED;
    }
    cli_spell_error(command, &all->error);
    return cli_refuse(command, status, "%s", all->error.message);
}

int cli_compare(const cli_settings *settings) {
    int exit_status = check_usage(settings);
    if (exit_status != CLI_PARSED) return exit_status;
    cli_comparison all = {.settings = settings};
    cli_folders folders = {0};
    cli_progress_begin(&all.progress, settings->quiet, NULL);
    cli_signals_note(1);
    i2v_status status = run(&all, &folders);
    cli_folders_end(&folders);
    cli_signals_note(0);
    cli_progress_end(&all.progress);
    if (status == I2V_OK) {
        cli_compare_notes(&all);
        if (settings->path) cli_say(!settings->quiet, "wrote %s", settings->path);
        exit_status = cli_compare_report(&all);
    } else {
        exit_status = fail(&all, status);
    }
    cli_comparison_end(&all);
    return exit_status;
}
