/* --from: runs again what made a video. */
#include "rerun.h"
#include "address.h"
#include "failure.h"
#include "metadata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- before the run --------------------------------------------------------------------------------------------- */

/* The hash of that key, NULL if there is none. */
static const char *hash_of(const cli_settings *settings, const char *key) {
    return json_string_value(json_object_get(settings->metadata, key));
}

/* 1: there is such a file; 2: and it has that hash. The name may come from anybody: it must be a file's, not that of a
 * pipe or device. */
static int match(const char *path, const char *hash) {
    char found[I2V_SHA256_SIZE];
    struct stat info;
    if (!path || access(path, R_OK) != 0 || stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
    return hash && i2v_file_sha256(path, found, NULL) == I2V_OK && strcmp(found, hash) == 0 ? 2 : 1;
}

/* name in the folder of file, allocated; NULL without memory. */
static char *beside(const char *file, const char *name) {
    const char *slash = strrchr(file, '/');
    char *path;
    return asprintf(&path, "%.*s%s", slash ? (int)(slash - file + 1) : 0, file, name) < 0 ? NULL : path;
}

/* Where the picture is now: under its path, under its path from the video's folder, or by its name in that folder. The
 * right one by its hash, else the first that is there; *found is NULL if none is. 0 without memory. */
static int find_image(char **found, const cli_settings *settings, const char *image) {
    const char *hash = hash_of(settings, "image_sha256"), *slash = strrchr(image, '/');
    char *places[] = {strdup(image), *image == '/' ? NULL : beside(settings->from, image),
                      beside(settings->from, slash ? slash + 1 : image)};
    int has_all = places[0] && (places[1] || *image == '/') && places[2];
    int best = -1, best_match = 0;
    for (int i = 0; has_all && i < 3; i++) {
        int matches = match(places[i], hash);
        if (matches > best_match) {
            best = i;
            best_match = matches;
        }
    }
    for (int i = 0; i < 3; i++)
        if (i != best) free(places[i]);
    *found = best < 0 ? NULL : places[best];
    return has_all;
}

static int take_image(cli_settings *settings) {
    const char *image = json_string_value(json_object_get(settings->metadata, "image"));
    if (!image || !*image || strcmp(image, "-") == 0)
        return cli_wrong_usage(settings->command, "IMAGE is missing: the metadata in %s does not say which file it was",
                               settings->from);
    if (cli_is_address(image)) /* the file may come from anybody: it must not choose whom this machine calls */
        return cli_refuse(settings->command, I2V_ERROR_PARAMETER,
                          "%s was made of the picture at %.399s; give that as IMAGE if you know the address",
                          settings->from, image);
    if (!find_image(&settings->found_image, settings, image))
        return cli_refuse(settings->command, I2V_ERROR_MEMORY, "not enough memory for the names of %s's picture",
                          settings->from);
    if (!settings->found_image)
        return cli_refuse(settings->command, I2V_ERROR_IO,
                          "the picture %.199s, of which %s was made, is neither here nor beside it; give it as IMAGE",
                          image, settings->from);
    settings->operand = settings->found_image;
    return CLI_PARSED;
}

static int check_origin(const cli_settings *settings) {
    const char *from = settings->from, *command = json_string_value(json_object_get(settings->metadata, "command"));
    if (!command || strcmp(command, "generate") != 0)
        return cli_refuse(settings->command, I2V_ERROR_FORMAT, "%s was not made by img2vid generate, but %s", from,
                          command && strcmp(command, "decode") == 0 ? "by img2vid decode from latents"
                                                                    : "in a way that this version does not know");
    return CLI_PARSED;
}

int cli_rerun_apply(cli_settings *settings, cli_set given, cli_set *known) {
    const cli_command *command = settings->command;
    *known = given;
    i2v_error error;
    settings->metadata = cli_metadata_read(settings->from, &error);
    if (!settings->metadata) return cli_refuse(command, error.status, "%s", error.message);
    int status = check_origin(settings);
    settings->image_given = settings->operand != NULL;
    settings->decoder_given = cli_given(command, given, CLI_AT(options.tiny_decoder)) ||
                              cli_given(command, given, CLI_AT(options.frame_decoder)) ||
                              cli_given(command, given, CLI_AT(speed));
    settings->model_given = settings->decoder_given || cli_given(command, given, CLI_AT(model)) ||
                            cli_given(command, given, CLI_AT(options.variant)) ||
                            cli_given(command, given, CLI_AT(options.loras));
    settings->latents_given = cli_given(command, given, CLI_AT(latents));
    if (status == CLI_PARSED) status = cli_metadata_apply(settings->metadata, settings, given, known);
    if (status == CLI_PARSED && !settings->operand) status = take_image(settings);
    return status;
}

/* ---- during the run --------------------------------------------------------------------------------------------- */

/* Says so where metadata names something but keeps no hash that would tell whether this is it. */
static void note_unknown(cli_job *job, const char *key, int given, const char *what, const char *path) {
    const cli_settings *settings = job->settings;
    if (!settings->metadata || given || hash_of(settings, key)) return;
    cli_job_note(job, "note: %s keeps no hash of its %s: whether %s is still that one cannot be told", settings->from,
                 what, path);
}

/* what: "picture"; option: how to give the right one. */
static i2v_status check_hash(cli_job *job, const char *key, const char *hash, int given, const char *what,
                             const char *path, const char *option) {
    const cli_settings *settings = job->settings;
    const char *wanted = settings->metadata ? hash_of(settings, key) : NULL;
    if (!wanted || !*hash || strcmp(wanted, hash) == 0) return I2V_OK;
    if (given) {
        cli_job_note(job, "note: %s is another %s than the one that %s was made with", path, what, settings->from);
        return I2V_OK;
    }
    return cli_job_fail(job, I2V_ERROR_PARAMETER,
                        "%.199s is another %s than the one that %s was made with (its SHA-256 differs); to take it all "
                        "the same, give it with %s",
                        path, what, settings->from, option);
}

i2v_status cli_rerun_check_model(cli_job *job) {
    const cli_settings *settings = job->settings;
    if (!settings->metadata) return I2V_OK;
    char unknown[200];
    cli_metadata_unknown(settings->metadata, settings->command, unknown, sizeof unknown);
    if (*unknown)
        cli_job_note(job, "note: %s has metadata that this version does not know and leaves out: %s", settings->from,
                     unknown);
    i2v_status status = cli_job_engine_result(job, i2v_model_hash(job->engine, job->model_sha256));
    if (status != I2V_OK) return status;
    int loras = settings->options.loras_count > 0;
    char lora_too[60];
    snprintf(lora_too, sizeof lora_too, "--model or %s", cli_flag(settings->command, CLI_AT(options.loras)).text);
    note_unknown(job, "model_sha256", settings->model_given, "model", job->model.path);
    return check_hash(job, "model_sha256", job->model_sha256, settings->model_given,
                      loras                     ? "model, or has other LoRA files,"
                      : settings->decoder_given ? "model, or has another decoder of frames,"
                                                : "model",
                      job->model.path, loras ? lora_too : "--model");
}

i2v_status cli_rerun_check_image(cli_job *job) {
    const int given = job->settings->image_given;
    note_unknown(job, "image_sha256", given, "picture", job->task.input);
    return check_hash(job, "image_sha256", job->image_sha256, given, "picture", job->task.input, "IMAGE");
}

i2v_status cli_rerun_check_latents(cli_job *job) {
    const cli_settings *settings = job->settings;
    note_unknown(job, "latents_sha256", settings->latents_given, "noise", settings->latents);
    return check_hash(job, "latents_sha256", job->latents_sha256, settings->latents_given, "noise", settings->latents,
                      "--latents");
}
