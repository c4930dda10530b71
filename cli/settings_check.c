/* Looks at the values of all settings together, and settles what depends on several of them. */
#include "settings_check.h"
#include "checkpoint.h"
#include "exclusions.h"
#include "failure.h"
#include "named.h"
#include "place.h"
#include "preview.h"
#include "standard_output.h"
#include "system.h"
#include "tasks.h"

#include <string.h>

int cli_settings_draw_seed(cli_settings *settings) {
    uint32_t seed; /* 32 bits: quick to type again, and all that the torch generator looks at */
    if (!cli_system_random(&seed, sizeof seed))
        return cli_refuse(settings->command, I2V_ERROR_INTERNAL, "the system gives no random seed; give one with %s N",
                          cli_flag(settings->command, CLI_AT(params.seed)).text);
    settings->params.seed = seed;
    settings->seed_drawn = 1;
    return CLI_PARSED;
}

/* The log is opened before overwrite.c can look at all files of all pictures. */
static int is_same_file(const char *a, const char *b) {
    cli_place first = {0}, second = {0};
    int same = a && b && cli_place_of(&first, a) && cli_place_of(&second, b) && cli_place_order(&first, &second) == 0;
    cli_place_free(&first);
    cli_place_free(&second);
    return same;
}

int cli_settings_check_exclusions(const cli_command *command, cli_set given, cli_set known) {
    const cli_option *first, *second;
    /* a file's metadata says it beside its sigmas */
    known = cli_set_minus(known, cli_set_of(command, CLI_AT(params.sigma_schedule)));
    if (!cli_exclusion_find(command, cli_set_union(given, known), &first, &second)) return CLI_PARSED;
    return cli_wrong_usage(command, "--%s and --%s exclude each other", first->name, second->name);
}

/* Levels say how many steps there are. */
static int take_sigmas(cli_settings *settings, cli_set known) {
    const cli_option *sigmas = cli_option_at(settings->command, CLI_AT(params.sigmas));
    if (!cli_given(settings->command, known, sigmas->offset)) return CLI_PARSED;
    if (settings->params.sigmas_count < 2)
        return cli_refuse_option(settings->command, sigmas->name, "--%s needs two levels or more, one more than steps",
                                 sigmas->name);
    settings->params.num_inference_steps = (int)settings->params.sigmas_count - 1;
    return CLI_PARSED;
}

int cli_settings_check(cli_settings *settings, cli_set given, cli_set known) {
    const cli_command *command = settings->command;
    int status = cli_settings_check_exclusions(command, given, known);
    if (status != CLI_PARSED) return status;
    settings->hub.variant = settings->options.variant;
    if (!(command->bit & (CLI_GENERATE | CLI_DECODE))) return CLI_PARSED;
    if (!settings->path && !settings->plan) return cli_wrong_usage(command, "-o OUT is missing, the video to write");
    status = cli_standard_output_check(settings, cli_given(command, given, CLI_AT(format)));
    if (status == CLI_PARSED) status = cli_checkpoint_check(settings);
    if (status != CLI_PARSED) return status;
    if (settings->path && settings->save_latents && strcmp(settings->path, settings->save_latents) == 0)
        return cli_wrong_usage(command, "--output and --save-latents name the same file; give two names");
    if (is_same_file(settings->log_file, settings->path) || is_same_file(settings->log_file, settings->save_latents) ||
        is_same_file(settings->log_file, settings->sheet))
        return cli_wrong_usage(command, "--log-file names a file of the output; give it a name of its own");
    status = cli_preview_check(settings);
    if (status != CLI_PARSED) return status;
    settings->given = given;
    if (cli_named_apply(settings, given) != CLI_PARSED) return CLI_USAGE;
    settings->guidance_given = settings->preset || cli_given(command, known, CLI_AT(params.min_guidance_scale)) ||
                               cli_given(command, known, CLI_AT(params.max_guidance_scale));
    if (settings->params.extend > 0 && settings->latents)
        return cli_wrong_usage(command, "%s and --latents exclude each other: each clip needs its own noise",
                               cli_flag(command, CLI_AT(params.extend)).text);
    status = take_sigmas(settings, known);
    if (status != CLI_PARSED) return status;
    if (command->bit == CLI_GENERATE && !settings->plan && !cli_given(command, known, CLI_AT(params.seed)) &&
        !settings->seeds.count && !settings->seed_drawn) {
        settings->seed_drawn = cli_checkpoint_take_seed(settings);
        if (!settings->seed_drawn) status = cli_settings_draw_seed(settings);
    }
    /* parts stay in memory where they are used again */
    settings->options.keep_loaded = cli_tasks_count(settings) > 1 || settings->params.extend > 0;
    return status == CLI_PARSED ? cli_tasks_check(settings) : status;
}
