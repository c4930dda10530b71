/* Fills the settings: from the command line, from --from, from configuration, from a list of jobs. */
#include "settings_read.h"
#include "config.h"
#include "list_read.h"
#include "rerun.h"
#include "settings_check.h"

int cli_settings_read(cli_settings *settings, const cli_command *command, int argc, char **argv) {
    cli_settings_default(settings, command);
    cli_set given, known;
    int status = cli_parse(command, argc, argv, settings, &settings->operands, &given);
    if (settings->operands.count) settings->operand = settings->operands.items[0];
    known = given;
    if (status == CLI_PARSED && settings->jobs) status = cli_settings_check_exclusions(command, given, given);
    if (status == CLI_PARSED && settings->from) status = cli_rerun_apply(settings, given, &known);
    cli_set configured = {{0}};
    if (status == CLI_PARSED && !settings->no_config) status = cli_config_apply(settings, given, &configured);
    if (status != CLI_PARSED) return status;
    given = cli_set_union(given, configured);
    known = cli_set_union(known, configured);
    return settings->jobs ? cli_list_read(settings, given) : cli_settings_check(settings, given, known);
}
