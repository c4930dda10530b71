/* Options that set others by a name: --preset and --speed. */
#ifndef CLI_NAMED_H
#define CLI_NAMED_H

#include "settings.h"

/* Its name number index; NULL after the last. option: a CLI_NAME. */
const char *cli_named_at(const cli_option *option, size_t index);

/* Fails where it has no such name, or it is what the command line alone takes in the place of one, "help" or "all". */
i2v_status cli_named_check(const cli_option *option, const char *name, i2v_error *error);

/* The options whose values come from the names that those of bits give. */
cli_set cli_named_sets(const cli_settings *settings, cli_set bits);

/* Sets what the names of given say, where given has no other value; --speed has the last word. A name that a file's
 * metadata say sets nothing: what it came to stands beside it. Returns CLI_PARSED or an exit status. */
int cli_named_apply(cli_settings *settings, cli_set given);

/* Of --plan --speed: every one. */
#define CLI_ALL_SPEEDS "all"

/* Another rung for the run of these settings: of options and params what it sets, and the command line does not give.
 */
i2v_status cli_named_set_speed(const cli_settings *settings, const char *name, i2v_options *options, i2v_params *params,
                               i2v_error *error);

#endif
