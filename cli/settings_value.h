/* Values of settings as text, for names of files. */
#ifndef CLI_SETTINGS_VALUE_H
#define CLI_SETTINGS_VALUE_H

#include "settings.h"

typedef struct cli_value {
    const char *text; /* "" where it is open */
    int is_path;      /* or a name that may look like one */
    char number[64];
} cli_value;

/* The value that is called "num_frames" or the like. 0: there is no such value, or it is a list. settings may be NULL,
 * to ask that alone. */
int cli_settings_value(cli_value *value, const cli_settings *settings, const char *name);

#endif
