/* The head of an answer, read. */
#include "hub/http_reply.h"

#include "img2vid/img2vid.h"
#include "json/load.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a header line, if it has that name: trimmed, cut at size. */
static int header_value(const char *line, size_t length, const char *name, char *value, size_t size) {
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':' || strncasecmp(line, name, name_length) != 0) return 0;
    const char *from = line + name_length + 1, *end = line + length;
    while (from < end && isspace((unsigned char)*from)) from++;
    while (end > from && isspace((unsigned char)end[-1])) end--;
    snprintf(value, size, "%.*s", (int)(end - from), from);
    return 1;
}

/* W/"abc" to abc, as huggingface_hub's _normalize_etag does. */
static void strip_etag(char *etag, const char *value) {
    if (strncmp(value, "W/", 2) == 0) value += 2;
    size_t length = strlen(value);
    int quoted = length >= 2 && value[0] == '"' && value[length - 1] == '"';
    memmove(etag, value + quoted, length - 2 * (size_t)quoted);
    etag[length - 2 * (size_t)quoted] = 0;
}

static int64_t read_count(const char *text) {
    char *end;
    long long value = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : -1;
    return value;
}

/* "bytes 0-99/1234" */
static void read_content_range(i2v_http_reply *reply, const char *value) {
    if (strncasecmp(value, "bytes ", 6) != 0) return;
    const char *slash = strchr(value, '/');
    reply->first = read_count(value + 6);
    reply->total = slash ? read_count(slash + 1) : -1;
}

void i2v_http_reply_begin(i2v_http_reply *reply) {
    *reply = (i2v_http_reply){.length = -1, .first = -1, .total = -1, .linked_size = -1};
}

void i2v_http_reply_line(i2v_http_reply *reply, const char *line, size_t length) {
    char value[160];
    if (length > 5 && memcmp(line, "HTTP/", 5) == 0) {
        i2v_http_reply_begin(reply); /* also after "100 Continue", and after what a proxy said */
    } else if (header_value(line, length, "X-Linked-Etag", value, sizeof value)) {
        strip_etag(reply->etag, value);
        reply->linked = 1;
    } else if (header_value(line, length, "ETag", value, sizeof value)) {
        if (!reply->linked) strip_etag(reply->etag, value);
    } else if (header_value(line, length, "X-Linked-Size", value, sizeof value)) {
        reply->linked_size = read_count(value);
    } else if (header_value(line, length, "Content-Length", value, sizeof value)) {
        reply->length = read_count(value);
    } else if (header_value(line, length, "Content-Range", value, sizeof value)) {
        read_content_range(reply, value);
    } else if (header_value(line, length, "Content-Type", value, sizeof value)) {
        snprintf(reply->type, sizeof reply->type, "%.*s", (int)sizeof reply->type - 1, value);
    } else if (header_value(line, length, "X-Repo-Commit", value, sizeof value)) {
        snprintf(reply->commit, sizeof reply->commit, "%.*s", (int)sizeof reply->commit - 1, value);
    } else if (header_value(line, length, "X-Error-Code", value, sizeof value)) {
        snprintf(reply->error_code, sizeof reply->error_code, "%.*s", (int)sizeof reply->error_code - 1, value);
    } else if (header_value(line, length, "X-Error-Message", reply->error_message, sizeof reply->error_message)) {
        i2v_make_printable(reply->error_message);
    }
}

/* ---- the body of an error --------------------------------------------------------------------------------------- */

void i2v_http_page_add(i2v_http_page *page, const void *data, size_t size) {
    size_t room = page->size < sizeof page->text ? sizeof page->text - page->size : 0;
    memcpy(page->text + sizeof page->text - room, data, size < room ? size : room);
    page->size += size;
}

/* As huggingface_hub reads them: {"error": "x"}, {"error": ["x", ...]}, {"error_description": "x"},
 * {"errors": [{"message": "x"}, ...]}; the first text is taken. */
static const char *find_message(const json_t *root) {
    const json_t *error = json_object_get(root, "error"), *errors = json_object_get(root, "errors");
    const char *message = json_string_value(error);
    if (!message) message = json_string_value(json_array_get(error, 0));
    if (!message) message = json_string_value(json_object_get(root, "error_description"));
    if (!message) message = json_string_value(json_object_get(json_array_get(errors, 0), "message"));
    return message;
}

void i2v_http_reply_page(i2v_http_reply *reply, const i2v_http_page *page) {
    if (reply->error_message[0] || page->size == 0 || page->size > sizeof page->text) return;
    json_error_t problem;
    json_t *root = i2v_json_load(page->text, page->size, 0, &problem);
    const char *message = find_message(root);
    if (message) snprintf(reply->error_message, sizeof reply->error_message, "%s", message);
    i2v_make_printable(reply->error_message);
    json_decref(root);
}

void i2v_http_reply_hide(i2v_http_reply *reply, const char *token) {
    if (token && *token && strstr(reply->error_message, token)) reply->error_message[0] = 0;
}
