/* Values of options as JSON. */
#ifndef CLI_OPTION_JSON_H
#define CLI_OPTION_JSON_H

#include "settings.h"

#include <jansson.h>

/* "num_frames", the key that the option "num-frames" has. */
void cli_option_key(const cli_option *option, char key[64]);

/* null: left to the model or the format, which is below an option's minimum. NULL without memory. */
json_t *cli_option_json(const cli_option *option, const cli_settings *settings);

/* Reads the value into settings. Texts stay the value's. 0 if it is of another type or out of range: problem is then
 * what the option takes, "it must be between 1 and 1000", or "". */
int cli_option_read_json(const cli_option *option, cli_settings *settings, const json_t *value, char *problem,
                         size_t size);

#endif
