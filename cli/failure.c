/* A failure, for a person and as JSON. */
#include "failure.h"
#include "json.h"
#include "json_print.h"
#include "spelling.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_failure_json(const cli_command *command, const char *input, const char *status, const char *message) {
    json_t *object = json_pack("{s:s, s:s}", "command", command->name, "version", i2v_version());
    if (input) cli_json_set(&object, "input", cli_json_text(input));
    cli_json_set(&object, "error", cli_json_text(message));
    cli_json_set(&object, "status", json_string(status));
    return object;
}

/* The object alone: the sentence is on standard error already. option may be NULL. */
static void print_object(const cli_command *command, const char *input, const char *option, const char *status,
                         const char *message) {
    char *name = NULL;
    if (!command || !command->json) return;
    json_t *object = cli_failure_json(command, input, status, message);
    if (option) {
        if (asprintf(&name, "--%s", option) < 0) name = NULL;
        cli_json_set(&object, "option", name ? cli_json_text(name) : NULL);
        free(name);
    }
    cli_print_json_as(object, command->where ? JSON_COMPACT : JSON_INDENT(2));
}

/* Of what is read from a file, whose place says enough. */
static int refuse_there(const cli_command *command, const char *option, const char *status, const char *text) {
    char *placed = NULL;
    if (asprintf(&placed, "%s: %s", command->where, text) < 0) placed = NULL;
    cli_fail("%s", placed ? placed : text);
    print_object(command, NULL, option, status, placed ? placed : text);
    free(placed);
    return CLI_USAGE;
}

/* "..., see" after a sentence; after a question a sentence of its own. */
static int report_usage(const cli_command *command, const char *option, const char *format, va_list arguments) {
    static const char lack[] = "wrong usage, and not enough memory to say which";
    char *sentence = NULL;
    if (vasprintf(&sentence, format, arguments) < 0) sentence = NULL;
    const char *text = sentence ? sentence : lack;
    if (command && command->where) {
        int status = refuse_there(command, option, "usage", text);
        free(sentence);
        return status;
    }
    int asks = *text && text[strlen(text) - 1] == '?';
    int known = command && command->bit; /* or what was given in a command's place */
    cli_fail("%s%s img2vid %s%s--help", text, asks ? " See" : "; see", known ? command->name : "", known ? " " : "");
    print_object(command, NULL, option, "usage", text);
    free(sentence);
    return CLI_USAGE;
}

int cli_wrong_usage(const cli_command *command, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int status = report_usage(command, NULL, format, arguments);
    va_end(arguments);
    return status;
}

int cli_wrong_option(const cli_command *command, const char *option, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int status = report_usage(command, option, format, arguments);
    va_end(arguments);
    return status;
}

static int refuse(const cli_command *command, const char *option, i2v_status status, const char *format,
                  va_list arguments) {
    char *sentence = NULL;
    if (vasprintf(&sentence, format, arguments) < 0) sentence = NULL;
    const char *text = sentence ? sentence : "not enough memory to say what failed";
    int exit_status = CLI_FAILED;
    if (command->where) {
        exit_status = refuse_there(command, option, i2v_status_name(status), text);
    } else {
        cli_fail("%s", text);
        print_object(command, NULL, option, i2v_status_name(status), text);
    }
    free(sentence);
    return exit_status;
}

int cli_refuse(const cli_command *command, i2v_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int exit_status = refuse(command, NULL, status, format, arguments);
    va_end(arguments);
    return exit_status;
}

int cli_refuse_option(const cli_command *command, const char *option, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int exit_status = refuse(command, option, I2V_ERROR_PARAMETER, format, arguments);
    va_end(arguments);
    return exit_status;
}

int cli_refuse_input(const cli_command *command, const char *input, const i2v_error *error) {
    i2v_error spelled = *error;
    cli_spell_error(command, &spelled);
    cli_fail("%s", spelled.message);
    print_object(command, input, NULL, i2v_status_name(error->status), spelled.message);
    return CLI_FAILED;
}
