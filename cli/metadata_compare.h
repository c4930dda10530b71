/* Whether a file was made with the parameters that a job has. */
#ifndef CLI_METADATA_COMPARE_H
#define CLI_METADATA_COMPARE_H

#include "settings.h"

#include <jansson.h>

/* Compares what is to be kept with a video (wanted) with what is kept in a file: every parameter, and model, picture
 * and noise by their hashes where both have them, else by their names. The version of the program and the CPU do not
 * count, nor a seed that nobody gave (any_seed). 1 if they agree; 0, and which differ, "fps (7 there, 8 here), seed
 * (...)". */
int cli_metadata_agrees(const json_t *wanted, const json_t *kept, const cli_command *command, int any_seed,
                        char *difference, size_t size);

#endif
