/* What a client gets. */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void server_reply_begin(server_reply *reply) {
    memset(reply, 0, sizeof *reply);
    reply->file = -1;
    reply->type = "application/json";
}

void server_reply_end(server_reply *reply) {
    free(reply->text);
    if (reply->file >= 0) close(reply->file);
    server_reply_begin(reply);
}

void server_reply_header(server_reply *reply, const char *name, const char *format, ...) {
    va_list arguments;
    if (reply->headers_count == SERVER_REPLY_HEADERS) return;
    reply->headers[reply->headers_count].name = name;
    va_start(arguments, format);
    vsnprintf(reply->headers[reply->headers_count].value, sizeof reply->headers[0].value, format, arguments);
    va_end(arguments);
    reply->headers_count++;
}

void server_reply_json(server_reply *reply, unsigned http, json_t *tree) {
    static const char nothing[] = "{\"error\": {\"message\": \"not enough memory\", \"type\": \"server_error\", "
                                  "\"param\": null, \"code\": \"server_error\"}}";
    reply->http = tree ? http : 500;
    free(reply->text);
    reply->text = tree ? json_dumps(tree, JSON_REAL_PRECISION(15)) : strdup(nothing);
    json_decref(tree);
}

static const char *type_of(unsigned http) {
    return http == 429 ? "rate_limit_error" : http >= 500 ? "server_error" : "invalid_request_error";
}

void server_reply_problem(server_reply *reply, const server_problem *problem) {
    json_t *param = *problem->param ? json_string(problem->param) : json_null();
    server_reply_json(reply, problem->http,
                      json_pack("{s:{s:s, s:s, s:o, s:s}}", "error", "message", problem->message, "type",
                                type_of(problem->http), "param", param, "code", problem->code));
}
