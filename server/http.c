/* HTTP, by libmicrohttpd. */
#include "http.h"
#include "api.h"
#include "hosts.h"
#include "listen.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CONNECTIONS = 256,
    CONNECTIONS_EACH = 128,    /* of one address */
    HEADERS_MOST = 1 << 15,    /* bytes of a request's head, and what a connection has for itself */
    PATIENCE = 30,             /* seconds that a client may say nothing */
    OTHER_BODY_MOST = 1 << 16, /* bytes of a body that nobody reads */
    LARGE_BODY_MOST = 1 << 26, /* of one that is too large */
    STACK = 1 << 20
};

/* One request, from its head to its answer. */
typedef struct exchange {
    int has_answer; /* before all of the body had come */
    int has_body;
    uint64_t passed_over;   /* bytes of a body that nobody reads */
    server_problem problem; /* that is told when all of it has come */
    char address[64];
    server_body body;
    server_reply reply;
} exchange;

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static struct MHD_Response *make_response(server_reply *reply) {
    if (reply->file >= 0) {
        struct MHD_Response *response =
            MHD_create_response_from_fd_at_offset64(reply->length, reply->file, reply->offset);
        if (response) reply->file = -1; /* the response's now */
        return response;
    }
    size_t size = reply->text ? strlen(reply->text) : 0;
    struct MHD_Response *response = MHD_create_response_from_buffer(size, reply->text, MHD_RESPMEM_MUST_FREE);
    if (response) reply->text = NULL;
    return response;
}

/* Nothing of an answer is run or kept by a browser. */
static void add_headers(struct MHD_Response *response, const server_reply *reply) {
    static const char *const always[][2] = {{"X-Content-Type-Options", "nosniff"},
                                            {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
                                            {"Cross-Origin-Resource-Policy", "same-origin"},
                                            {"Referrer-Policy", "no-referrer"},
                                            {"Cache-Control", "no-store"}};
    MHD_add_response_header(response, "Content-Type", reply->type);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    for (int i = 0; i < reply->headers_count; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
}

static enum MHD_Result send_reply(server_state *state, struct MHD_Connection *connection, const char *method,
                                  const char *path, exchange *at) {
    unsigned http = at->reply.http;
    struct MHD_Response *response = make_response(&at->reply);
    if (!response) return MHD_NO;
    add_headers(response, &at->reply);
    enum MHD_Result sent = MHD_queue_response(connection, http, response);
    MHD_destroy_response(response);
    server_tell(&state->voice, "%s %.20s %.200s %u", at->address, method, path, http);
    return sent;
}

/* ---- who may ask ------------------------------------------------------------------------------------------------ */

static const char *header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *query(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static int check_host(server_state *state, struct MHD_Connection *connection, server_problem *problem) {
    const char *host = header(connection, "Host"), *origin = header(connection, "Origin");
    if (!server_host_is_allowed(host, state->settings->allowed_hosts))
        return server_refuse(problem, 403, "host_not_allowed", NULL,
                             "this server is not known by the name %.100s; it is told its names with --allow-host",
                             host ? host : "");
    if (origin && !server_origin_is_own(origin, host))
        return server_refuse(problem, 403, "origin_not_allowed", NULL, "pages of other sites may not use this server");
    return 1;
}

/* Whether the server lives may be asked without a key. */
static int check_key(server_state *state, struct MHD_Connection *connection, server_request *request,
                     server_problem *problem) {
    request->client = NULL;
    if (!state->keys.items) return 1;
    request->client = request->owner = server_keys_find(&state->keys, header(connection, "Authorization"));
    if (request->client || strcmp(request->path, "/healthz") == 0) return 1;
    return server_refuse(problem, 401, "invalid_api_key", NULL,
                         "an API key of this server is needed, as the header Authorization: Bearer KEY");
}

static void read_request(struct MHD_Connection *connection, server_request *request) {
    request->range = header(connection, "Range");
    request->if_range = header(connection, "If-Range");
    request->after = query(connection, "after");
    request->limit = query(connection, "limit");
    request->order = query(connection, "order");
    request->variant = query(connection, "variant");
}

/* ---- one request ------------------------------------------------------------------------------------------------ */

/* A client that sends its body without asking may not hear an answer before its end: the connection that is closed
 * then takes the answer with it. */
static int waits_for_end(struct MHD_Connection *connection, const server_problem *problem) {
    const char *text = header(connection, "Content-Length");
    return problem->http == 413 && text && strtoull(text, NULL, 10) <= LARGE_BODY_MOST && !header(connection, "Expect");
}

static int length_is_too_large(server_state *state, struct MHD_Connection *connection) {
    const char *text = header(connection, "Content-Length");
    /* base64 takes a third more */
    return text && strtoull(text, NULL, 10) > state->settings->max_upload / 3 * 4 + SERVER_JSON_MOST;
}

/* What is wrong already with the head, in the reply; a body that is not wanted is not waited for. */
static int check_head(server_state *state, struct MHD_Connection *connection, server_request *request, exchange *at) {
    server_problem problem = {0};
    int good = check_host(state, connection, &problem) && check_key(state, connection, request, &problem);
    if (good && server_api_makes_video(request)) {
        if (!server_api_has_place(state, &at->reply)) return 0;
        if (length_is_too_large(state, connection))
            good = server_refuse(&problem, 413, "too_large", "input_reference",
                                 "the request is larger than the %" PRIu64 " bytes of a picture that this server takes",
                                 state->settings->max_upload);
        else
            at->has_body = server_body_begin(&at->body, header(connection, "Content-Type"), &state->folder,
                                             state->settings->max_upload);
        if (good && !at->has_body) {
            problem = at->body.problem;
            server_body_end(&at->body);
            good = 0;
        }
    }
    if (!good && waits_for_end(connection, &problem)) {
        at->problem = problem;
        return 1;
    }
    if (!good) server_reply_problem(&at->reply, &problem);
    if (problem.http == 401) server_reply_header(&at->reply, "WWW-Authenticate", "Bearer");
    return good;
}

/* 0: the connection is to be closed. */
static int take_bytes(exchange *at, const char *bytes, size_t size) {
    if (at->has_body) return server_body_feed(&at->body, bytes, size);
    at->passed_over += size;
    return at->passed_over <= (at->problem.http ? LARGE_BODY_MOST : OTHER_BODY_MOST);
}

static exchange *begin(struct MHD_Connection *connection) {
    exchange *at = calloc(1, sizeof *at);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!at) return NULL;
    server_reply_begin(&at->reply);
    at->body.upload.descriptor = -1;
    strcpy(at->address, "unknown");
    if (info && info->client_addr) server_address_text(info->client_addr, at->address, sizeof at->address);
    return at;
}

/* Is called once for the head, then for each piece of the body, then once more. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *bytes, size_t *size, void **own) {
    server_state *state = user;
    exchange *at = *own;
    server_request request = {.method = method, .path = path};
    if (!at) {
        at = *own = begin(connection);
        if (!at) return MHD_NO;
        request.owner = at->address;
        if (check_head(state, connection, &request, at)) return MHD_YES;
        at->has_answer = 1;
        return send_reply(state, connection, method, path, at);
    }
    if (*size > 0) {
        int goes_on = take_bytes(at, bytes, *size);
        *size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (at->has_answer) return MHD_YES;
    server_problem unused = {0};
    request.owner = at->address;
    if (!check_key(state, connection, &request, &unused)) return MHD_NO; /* it was asked already */
    read_request(connection, &request);
    if (at->problem.http)
        server_reply_problem(&at->reply, &at->problem);
    else
        server_api_answer(state, &request, at->has_body ? &at->body : NULL, &at->reply);
    at->has_answer = 1;
    return send_reply(state, connection, method, path, at);
}

static void on_end(void *user, struct MHD_Connection *connection, void **own, enum MHD_RequestTerminationCode code) {
    exchange *at = *own;
    if (!at) return;
    if (at->has_body) server_body_end(&at->body);
    server_reply_end(&at->reply);
    free(at);
    *own = NULL;
}

/* ---- the daemon ------------------------------------------------------------------------------------------------- */

/* What libmicrohttpd says is about clients that went away and the like. */
static void log_line(void *user, const char *format, va_list arguments) {
    char line[300];
    server_state *state = user;
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = 0;
    server_tell(&state->voice, "http: %s", line);
}

/* An address with a zero byte in it would end there: it becomes a byte that nothing here has in its name. */
static size_t unescape(void *user, struct MHD_Connection *connection, char *text) {
    size_t size = MHD_http_unescape(text);
    for (char *at = text; (at = memchr(at, 0, size - (size_t)(at - text)));) *at = '\1';
    return size;
}

struct MHD_Daemon *server_http_begin(server_state *state, int socket, i2v_error *error) {
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, state, MHD_OPTION_EXTERNAL_LOGGER, log_line, state, MHD_OPTION_LISTEN_SOCKET,
        socket, MHD_OPTION_NOTIFY_COMPLETED, on_end, state, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_EACH, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADERS_MOST, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)STACK, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
    if (daemon) return daemon;
    close(socket);
    server_fail(error, I2V_ERROR_INTERNAL, "libmicrohttpd does not start");
    return NULL;
}

void server_http_end(struct MHD_Daemon *daemon) {
    if (daemon) MHD_stop_daemon(daemon);
}
