/* What went wrong, for a person on standard error and, where --json was given, as an object on standard output: the
 * same that a picture among several gets (cli_report_error_json). */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include "img2vid/img2vid.h"
#include "message.h"
#include "option_table.h"

#include <jansson.h>

/* Wrong usage: says where the help is, too. command may be NULL. Returns CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int cli_wrong_usage(const cli_command *command, const char *format, ...);
/* The same of the option of that name (without dashes), which the object names. */
__attribute__((format(printf, 3, 4))) int cli_wrong_option(const cli_command *command, const char *option,
                                                           const char *format, ...);

/* Any other failure. Returns CLI_FAILED. */
__attribute__((format(printf, 3, 4))) int cli_refuse(const cli_command *command, i2v_status status, const char *format,
                                                     ...);
/* Of an option's value, I2V_ERROR_PARAMETER; as cli_wrong_option. */
__attribute__((format(printf, 3, 4))) int cli_refuse_option(const cli_command *command, const char *option,
                                                            const char *format, ...);
/* Of what a command was given: a model, a video, a name on the hub. */
int cli_refuse_input(const cli_command *command, const char *input, const i2v_error *error);

/* {"command", "version", "input", "error", "status"}; input may be NULL: there is none. status: "usage" or a name of
 * i2v_status_name. */
json_t *cli_failure_json(const cli_command *command, const char *input, const char *status, const char *message);

#endif
