/* What a video's file says about how it was made: one JSON object, whose parameters have the names of i2v_params. */
#ifndef CLI_METADATA_H
#define CLI_METADATA_H

#include "job.h"

#include <jansson.h>

/* What is to be kept with video number index of the job, a JSON object to be released. NULL without memory, or where
 * the model's hash cannot be had, which job->error says then. Before the video is there, nobody asks for that hash
 * here. */
json_t *cli_metadata_json(cli_job *job, int index);

/* Its text, to be freed; NULL likewise. */
char *cli_metadata_text(cli_job *job, int index);

/* Fails if that text would be too long for a file: before work, not after it. */
i2v_status cli_metadata_check(cli_job *job);

/* The metadata of the file at path, a JSON object to be released; NULL if there is none of ours, and the sentence that
 * says why is in error->message. */
json_t *cli_metadata_read(const char *path, i2v_error *error);

/* Takes parameters from metadata for options that are not in `given`, as cli_parse tells it; *known gets the bits of
 * both. Strings stay the metadata's. Returns CLI_PARSED, or an exit status after printing what is wrong. */
int cli_metadata_apply(const json_t *metadata, cli_settings *settings, cli_set given, cli_set *known);

/* The options whose values a file says, or that stand in place of those: nothing but the command line may change them
 * where the file is run again. */
cli_set cli_metadata_decides(const cli_command *command);

/* The names of keys that this version does not know, with commas between; "" if it knows all. */
void cli_metadata_unknown(const json_t *metadata, const cli_command *command, char *text, size_t size);

/* One line a parameter of the job, for --verbose and the log. */
void cli_metadata_say(cli_job *job);

/* One line a key on standard output. */
void cli_metadata_print(const json_t *metadata);

#endif
