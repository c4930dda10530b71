/* The body of a request for a video, as it comes. */
#include "body.h"
#include "order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MOST = 1 << 18 };

/* ---- forms ------------------------------------------------------------------------------------------------------ */

/* "sigmas[]", one of several values of a list, as some clients write it. */
static int is_of_list(const char *name) {
    size_t length = strlen(name);
    return length > 2 && strcmp(name + length - 2, "[]") == 0;
}

/* A list becomes one text with commas. 0: the field was there already, or memory lacks. */
static int set_text(server_body *body, char *name, json_t *value) {
    int of_list = is_of_list(name);
    if (of_list) name[strlen(name) - 2] = 0;
    const json_t *before = json_object_get(body->fields, name);
    if (of_list && before) {
        json_t *list = json_sprintf("%s,%s", json_string_value(before), json_string_value(value));
        json_decref(value);
        value = list;
    } else if (before) {
        json_decref(value);
        return server_refuse(&body->problem, 400, "invalid_value", name, "%s is there twice", name);
    }
    return json_object_set_new(body->fields, name, value) == 0 ||
           server_refuse(&body->problem, 400, "invalid_value", name, "the field %s cannot be read", name);
}

/* The text that was being read, whole; its pieces may have been cut within a letter. */
static int end_text(server_body *body) {
    char *name = body->text.name, *bytes = body->text.bytes;
    json_t *value = memchr(bytes, 0, body->text.size) ? NULL : json_stringn(bytes, body->text.size);
    int good = value ? set_text(body, name, value)
                     : server_refuse(&body->problem, 400, "invalid_value", name, "%s is no text in UTF-8", name);
    body->text.size = 0;
    return good;
}

static int refuse_memory(server_body *body) {
    return server_refuse(&body->problem, 500, "server_error", NULL, "not enough memory");
}

/* Whatever has no room is refused, however many parts it is in. */
static int add_text(server_body *body, const char *bytes, size_t size) {
    body->fields_size += size;
    if (body->fields_size > FIELDS_MOST)
        return server_refuse(&body->problem, 413, "too_large", NULL,
                             "the fields have more than %d bytes beside the picture", FIELDS_MOST);
    if (!body->text.bytes) body->text.bytes = malloc(FIELDS_MOST);
    if (!body->text.bytes) return refuse_memory(body);
    memcpy(body->text.bytes + body->text.size, bytes, size);
    body->text.size += size;
    return 1;
}

/* A part that is the picture, if it has a file's name; as a text it may be an address with it. */
static int begin_part(void *user, const char *name, const char *file) {
    server_body *body = user;
    body->is_picture = file && server_order_is_picture(name);
    if (body->is_picture) return server_upload_open(&body->upload, &body->problem);
    if (file) return server_refuse(&body->problem, 400, "invalid_value", name, "%s takes no file", name);
    snprintf(body->text.name, sizeof body->text.name, "%s", name);
    body->fields_size += strlen(name);
    return add_text(body, "", 0);
}

static int take_bytes(void *user, const char *bytes, size_t size) {
    server_body *body = user;
    if (body->is_picture) return server_upload_write(&body->upload, bytes, size, &body->problem);
    return add_text(body, bytes, size);
}

static int end_part(void *user) {
    server_body *body = user;
    return body->is_picture || end_text(body);
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static int is_type(const char *type, const char *wanted) {
    size_t length = strlen(wanted);
    return type && strncasecmp(type, wanted, length) == 0 && (!type[length] || strchr("; \t", type[length]));
}

int server_body_begin(server_body *body, const char *type, const server_folder *folder, uint64_t most) {
    const server_form_taker taker = {.begin = begin_part, .take = take_bytes, .end = end_part, .user = body};
    memset(body, 0, sizeof *body);
    server_upload_begin(&body->upload, folder, most);
    server_json_begin(&body->json, &body->upload);
    if (is_type(type, "application/json")) return 1;
    if (!is_type(type, "multipart/form-data"))
        return server_refuse(&body->problem, 415, "invalid_type", NULL,
                             "the content is to be multipart/form-data or application/json");
    if (!server_form_begin(&body->form, type, &taker, &body->problem)) return 0;
    body->fields = json_object();
    return body->fields != NULL || refuse_memory(body);
}

static void feed(server_body *body, const char *bytes, size_t size) {
    /* base64 takes a third more; what is neither field nor picture has an end, too */
    if (body->size > body->upload.most / 3 * 4 + SERVER_JSON_MOST)
        server_refuse(&body->problem, 413, "too_large", "input_reference",
                      "the request is larger than the %" PRIu64 " bytes of a picture that this server takes",
                      body->upload.most);
    else if (body->fields)
        server_form_feed(&body->form, bytes, size, &body->problem);
    else
        server_json_feed(&body->json, bytes, size, &body->problem);
}

int server_body_feed(server_body *body, const char *bytes, size_t size) {
    body->size += size;
    if (!body->problem.http) feed(body, bytes, size);
    /* a client that goes on and on is let go of */
    return !body->problem.http || body->size <= 2 * body->upload.most + SERVER_JSON_MOST;
}

/* The address of a picture: a text, or OpenAI's object with it. */
static int check_address(server_body *body, const char *name) {
    const json_t *value = json_object_get(body->fields, name);
    if (json_is_object(value)) value = json_object_get(value, "image_url");
    if (!value || json_is_null(value)) return 1;
    const char *text = json_string_value(value);
    if (text && strcmp(text, SERVER_DATA_HERE) == 0 && server_upload_is_there(&body->upload)) return 1;
    return server_refuse(&body->problem, 400, "invalid_picture", name,
                         "%s takes a file, or in JSON an address with the picture in it, data:image/...;base64,...; "
                         "pictures are not fetched from other addresses",
                         name);
}

int server_body_finish(server_body *body) {
    if (body->problem.http) return 0;
    if (body->fields)
        server_form_finish(&body->form, &body->problem);
    else
        body->fields = server_json_finish(&body->json, &body->problem);
    if (body->problem.http) return 0;
    if (!check_address(body, "input_reference") || !check_address(body, "image_url")) return 0;
    return 1;
}

void server_body_end(server_body *body) {
    server_json_end(&body->json);
    server_upload_end(&body->upload);
    free(body->text.bytes);
    body->text.bytes = NULL;
    json_decref(body->fields);
    body->fields = NULL;
}
