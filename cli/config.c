/* Values of options from the configuration file and the environment. */
#include "config.h"
#include "exclusions.h"
#include "failure.h"
#include "message.h"
#include "metadata.h"
#include "named.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

/* Those that are of one run, or say where to look. */
static const size_t not_here[] = {CLI_AT(from),
                                  CLI_AT(latents),
                                  CLI_AT(hub.file),
                                  CLI_AT(format),
                                  CLI_AT(plan),
                                  CLI_AT(params.video_index),
                                  CLI_AT(jobs),
                                  CLI_AT(shard),
                                  CLI_AT(overwrite),
                                  CLI_AT(no_config),
                                  CLI_AT(params.checkpoint),
                                  CLI_AT(resume)};

typedef struct applying {
    cli_settings *settings;
    cli_settings unused; /* takes what does not count, so that all is looked at */
    cli_set taken;       /* options that have their value from further up, or must not have any */
    cli_set configured;
    int is_animatelcms; /* the scheduler that counts here is animatelcm */
    int is_environment;
} applying;

/* What a speed leaves alone where the scheduler is animatelcm, whose weights know no other (i2v_speed_set). */
static cli_set of_animatelcm(const cli_command *command) {
    cli_set bits = cli_set_of(command, CLI_AT(params.scheduler));
    bits = cli_set_union(bits, cli_set_of(command, CLI_AT(params.num_inference_steps)));
    bits = cli_set_union(bits, cli_set_of(command, CLI_AT(params.sigmas)));
    return cli_set_union(bits, cli_set_of(command, CLI_AT(params.sigma_schedule)));
}

static cli_set cover(const cli_settings *settings, cli_set bits) {
    const cli_command *command = settings->command;
    cli_set covered = bits, named = cli_named_sets(settings, bits);
    /* a tiny decoder that is named elsewhere stays: --speed would take another, or none */
    named = cli_set_minus(named, cli_set_of(command, CLI_AT(options.tiny_decoder)));
    covered = cli_set_union(covered, named);
    if (cli_given(command, bits, CLI_AT(model)))
        covered = cli_set_union(covered, cli_set_of(command, CLI_AT(hub.revision))); /* which is of that model */
    return cli_set_union(covered, cli_excluded(command, covered));
}

/* A speed covers no scheduler of AnimateLCM's further down, which would be lost without a word: the two are refused, or
 * the speed is exact and leaves it as it is. */
static cli_set cover_with(const cli_settings *settings, cli_set bits, int is_animatelcms) {
    const cli_command *command = settings->command;
    cli_set all = cover(settings, bits);
    if (!is_animatelcms) return all;
    cli_set without_speed = cover(settings, cli_set_minus(bits, cli_set_of(command, CLI_AT(speed))));
    return cli_set_union(without_speed, cli_set_minus(all, of_animatelcm(command)));
}

cli_set cli_config_covered(const cli_settings *settings, cli_set bits) {
    return cover_with(settings, bits, settings->params.scheduler == I2V_SCHEDULER_ANIMATELCM);
}

/* *is_known: some list before names a scheduler. */
static int is_animatelcms(const cli_command *command, const cli_config_list *list, int *is_known) {
    const cli_option *scheduler = cli_option_at(command, CLI_AT(params.scheduler));
    for (size_t i = 0; i < list->count && !*is_known; i++) {
        if (strcmp(list->entries[i].name, scheduler->name) != 0) continue;
        *is_known = 1;
        return strcmp(list->entries[i].value, "animatelcm") == 0;
    }
    return 0;
}

/* What is not asked for here whatever stands there. */
static cli_set barred(const cli_settings *settings) {
    const cli_command *command = settings->command;
    cli_set bits = {{0}};
    if (settings->from) bits = cli_set_union(cli_metadata_decides(command), cli_set_of(command, CLI_AT(preset)));
    if (command->bit == CLI_COMPARE) /* it is of videos that are made */
        bits = cli_set_union(bits, cli_set_of(command, CLI_AT(path)));
    if (command->bit & (CLI_INFO | CLI_PULL))
        bits = cli_set_union(bits, cli_set_of(command, CLI_AT(hub.revision))); /* the model is an operand */
    return bits;
}

static int is_not_here(const cli_option *option) {
    for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++)
        if (not_here[i] == option->offset) return 1;
    return 0;
}

/* A file is ours, so that a name in it must be right; a variable may be another program's. */
static int refuse_name(const applying *at, const cli_config_entry *entry, const char *why) {
    if (!at->is_environment) return cli_wrong_usage(at->settings->command, "%s %s", entry->label, why);
    cli_say(!at->settings->quiet, "img2vid: warning: %s %s", entry->label, why);
    return CLI_PARSED;
}

/* Names have no dashes here, but those that are offered do, as on the command line. */
static int refuse_unknown(const applying *at, const cli_config_entry *entry) {
    char argument[200], meant[300], why[340];
    snprintf(argument, sizeof argument, "--%s", entry->name);
    cli_suggest_option(meant, sizeof meant, at->settings->command, argument);
    snprintf(why, sizeof why, "is no option%s", meant);
    return refuse_name(at, entry, why);
}

static int read_entry(cli_settings *to, const cli_option *option, const cli_config_entry *entry,
                      const cli_command *command) {
    char problem[300];
    i2v_error error;
    if (option->type == CLI_TEXT || option->type == CLI_LORAS) i2v_path_from_url(entry->value);
    if (option->type == CLI_NAME && cli_named_check(option, entry->value, &error) != I2V_OK)
        return cli_wrong_usage(command, "%s: %s", entry->label, error.message);
    if (cli_option_read(option, to, entry->value, problem, sizeof problem) == CLI_PARSED) return CLI_PARSED;
    return cli_wrong_usage(command, "%s %s", entry->label, problem);
}

/* seen: the options of the list up to here. */
static int apply_entry(applying *at, cli_config_entry *entry, cli_set *seen) {
    const cli_command *command = at->settings->command;
    const cli_option *option = cli_option_named(command, entry->name);
    if (!option) return refuse_unknown(at, entry);
    if (is_not_here(option)) return refuse_name(at, entry, "is for the command line alone");
    size_t number = (size_t)(option - command->options);
    if (cli_set_has(seen, number) && option->type != CLI_LORAS)
        return cli_wrong_usage(command, "%s has a value further up already; remove one of the two", entry->label);
    cli_set_add(seen, number);
    entry->used = cli_takes(command, option) && !cli_set_has(&at->taken, number);
    if (entry->used) cli_set_add(&at->configured, number);
    return read_entry(entry->used ? at->settings : &at->unused, option, entry, command);
}

static int apply(applying *at, cli_config_list *list) {
    const cli_command *command = at->settings->command;
    cli_set seen = {{0}}, before = at->configured;
    const cli_option *first, *second;
    int status = CLI_PARSED;
    for (size_t i = 0; status == CLI_PARSED && i < list->count; i++) status = apply_entry(at, &list->entries[i], &seen);
    if (status == CLI_PARSED && cli_exclusion_find(command, seen, &first, &second))
        return cli_wrong_usage(command, "%s: %s and %s exclude each other", list->path ? list->path : "the environment",
                               first->name, second->name);
    at->taken = cli_set_union(
        at->taken, cover_with(at->settings, cli_set_minus(at->configured, before), at->is_animatelcms));
    return status;
}

int cli_config_apply(cli_settings *settings, cli_set given, cli_set *configured) {
    applying at = {.settings = settings};
    int is_known = 0, status = cli_config_read_environment(&settings->environment);
    if (status == CLI_PARSED) status = cli_config_read_file(&settings->config, settings->command);
    at.is_animatelcms = is_animatelcms(settings->command, &settings->environment, &is_known) ||
                        is_animatelcms(settings->command, &settings->config, &is_known);
    at.taken = cli_set_union(cover_with(settings, given, at.is_animatelcms), barred(settings));
    at.is_environment = 1;
    if (status == CLI_PARSED) status = apply(&at, &settings->environment);
    at.is_environment = 0;
    if (status == CLI_PARSED) status = apply(&at, &settings->config);
    if (status != CLI_PARSED) { /* the sentence is said: nothing of it is to be told of again */
        cli_config_free(&settings->environment);
        cli_config_free(&settings->config);
    }
    cli_settings_free(&at.unused);
    *configured = at.configured;
    return status;
}

/* "model, threads" into text; its length. */
static size_t list_used(char *text, size_t size, const cli_config_list *list) {
    size_t length = 0;
    *text = 0;
    for (size_t i = 0; i < list->count && length < size; i++) {
        const cli_config_entry *entry = &list->entries[i];
        if (entry->used)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "",
                                       list->path ? entry->name : entry->label);
    }
    return length;
}

void cli_config_remind(const cli_settings *settings) {
    char names[1024];
    if (list_used(names, sizeof names, &settings->environment))
        cli_say(1, "img2vid: note: the environment sets %s", names);
    if (list_used(names, sizeof names, &settings->config))
        cli_say(1, "img2vid: note: %s sets %s", settings->config.path, names);
}

static void say_used(int shown, const cli_config_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const cli_config_entry *entry = &list->entries[i];
        if (entry->used) cli_say(shown, "  %s = %s", entry->label, entry->value);
    }
}

void cli_config_say(const cli_settings *settings) {
    int shown = settings->verbose;
    cli_say(shown, "configuration: %s",
            settings->no_config     ? "left out"
            : settings->config.path ? settings->config.path
                                    : "no file");
    say_used(shown, &settings->environment);
    say_used(shown, &settings->config);
}
