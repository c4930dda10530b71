/* Errors of the server's own, and problems as clients are told of them. */
#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

i2v_status server_fail(i2v_error *error, i2v_status status, const char *format, ...) {
    va_list arguments;
    if (!error) return status;
    memset(error, 0, sizeof *error);
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    i2v_make_printable(error->message);
    return status;
}

int server_refuse(server_problem *problem, unsigned http, const char *code, const char *param, const char *format,
                  ...) {
    va_list arguments;
    if (problem->http) return 0;
    problem->http = http;
    snprintf(problem->code, sizeof problem->code, "%s", code);
    snprintf(problem->param, sizeof problem->param, "%s", param ? param : "");
    va_start(arguments, format);
    vsnprintf(problem->message, sizeof problem->message, format, arguments);
    va_end(arguments);
    i2v_make_printable(problem->message);
    i2v_make_printable(problem->param);
    return 0;
}

/* The first that a client sets; others are the server's own, as max_memory is. */
static void find_name(const i2v_error *error, char name[64]) {
    for (int i = 0; i < error->names_count; i++) {
        snprintf(name, 64, "%.*s", error->names[i].length, error->message + error->names[i].begin);
        const i2v_parameter *parameter = i2v_parameter_find(name);
        if (parameter && parameter->decides && parameter->settings != I2V_STRUCT_OPTIONS) return;
    }
    *name = 0;
}

int server_refuse_error(server_problem *problem, const i2v_error *error, const char *param) {
    char name[64] = "";
    int is_input = error->status == I2V_ERROR_PARAMETER || error->status == I2V_ERROR_FORMAT ||
                   error->status == I2V_ERROR_UNSUPPORTED || error->status == I2V_ERROR_MEMORY;
    find_name(error, name);
    const char *code = error->status == I2V_ERROR_MEMORY ? "does_not_fit" : is_input ? "invalid_value" : "server_error";
    return server_refuse(problem, is_input ? 400 : 500, code, *name ? name : param, "%s", error->message);
}

/* The library says the system's own words. */
int server_is_disk_full(i2v_status status, const i2v_error *error) {
    return status == I2V_ERROR_IO &&
           (strstr(error->message, strerror(ENOSPC)) || strstr(error->message, strerror(EDQUOT)));
}
