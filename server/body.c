/* The body of a request for a video, as it comes. */
#include "body.h"
#include "order.h"

#include <microhttpd.h>
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
    char *name = body->text.name;
    const char *bytes = body->text.bytes ? body->text.bytes : "";
    if (!*name) return 1;
    json_t *value = memchr(bytes, 0, body->text.size) ? NULL : json_stringn(bytes, body->text.size);
    int good = value ? set_text(body, name, value)
                     : server_refuse(&body->problem, 400, "invalid_value", name, "%s is no text in UTF-8", name);
    free(body->text.bytes);
    memset(&body->text, 0, sizeof body->text);
    return good;
}

static int add_text(server_body *body, const char *name, const char *bytes, size_t size, int is_new) {
    if (is_new && !end_text(body)) return 0;
    if (is_new) strcpy(body->text.name, name);
    body->fields_size += size + (is_new ? strlen(name) : 0);
    if (body->fields_size > FIELDS_MOST)
        return server_refuse(&body->problem, 413, "too_large", NULL,
                             "the fields have more than %d bytes beside the picture", FIELDS_MOST);
    if (!body->text.bytes) body->text.bytes = malloc(FIELDS_MOST);
    if (!body->text.bytes) return server_refuse(&body->problem, 500, "server_error", NULL, "not enough memory");
    memcpy(body->text.bytes + body->text.size, bytes, size);
    body->text.size += size;
    return 1;
}

/* A part of a form that is the picture, if it has a file's name; as a text it may be an address with it. */
static int take(server_body *body, const char *name, const char *file, const char *bytes, size_t size, int is_new) {
    if (!name || !*name || strlen(name) >= sizeof body->text.name)
        return server_refuse(&body->problem, 400, "invalid_form", NULL,
                             "a part of the form has no name, or a long one");
    if (!file || !server_order_is_picture(name)) {
        if (file) return server_refuse(&body->problem, 400, "invalid_value", name, "%s takes no file", name);
        return add_text(body, name, bytes, size, is_new);
    }
    if (is_new && !server_upload_open(&body->upload, &body->problem)) return 0;
    return server_upload_write(&body->upload, bytes, size, &body->problem);
}

static enum MHD_Result on_part(void *user, enum MHD_ValueKind kind, const char *name, const char *file,
                               const char *type, const char *encoding, const char *bytes, uint64_t offset,
                               size_t size) {
    server_body *body = user;
    return take(body, name, file, bytes, size, offset == 0) ? MHD_YES : MHD_NO;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static int is_type(const char *type, const char *wanted) {
    size_t length = strlen(wanted);
    return type && strncasecmp(type, wanted, length) == 0 && (!type[length] || strchr("; \t", type[length]));
}

int server_body_begin(server_body *body, struct MHD_Connection *connection, const char *type,
                      const server_folder *folder, uint64_t most) {
    memset(body, 0, sizeof *body);
    server_upload_begin(&body->upload, folder, most);
    server_json_begin(&body->json, &body->upload);
    if (is_type(type, "application/json")) return 1;
    if (!is_type(type, "multipart/form-data"))
        return server_refuse(&body->problem, 415, "invalid_type", NULL,
                             "the content is to be multipart/form-data or application/json");
    body->fields = json_object();
    body->parts = MHD_create_post_processor(connection, 1 << 14, on_part, body);
    return (body->parts && body->fields) ||
           server_refuse(&body->problem, 400, "invalid_form", NULL, "the form says no boundary of its parts");
}

static void feed(server_body *body, const char *bytes, size_t size) {
    if (!body->parts)
        server_json_feed(&body->json, bytes, size, &body->problem);
    else if (MHD_post_process(body->parts, bytes, size) != MHD_YES)
        server_refuse(&body->problem, 400, "invalid_form", NULL, "the form is damaged");
}

int server_body_feed(server_body *body, const char *bytes, size_t size) {
    body->size += size;
    if (!body->problem.http) feed(body, bytes, size);
    /* base64 takes a third more; a client that goes on and on is let go of */
    return !body->problem.http || body->size <= 2 * body->upload.most + SERVER_JSON_MOST;
}

/* A form is whole where its last boundary came. */
static void finish_form(server_body *body) {
    enum MHD_Result whole = body->parts ? MHD_destroy_post_processor(body->parts) : MHD_NO;
    body->parts = NULL;
    end_text(body);
    if (whole != MHD_YES) server_refuse(&body->problem, 400, "invalid_form", NULL, "the form ends before its end");
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
    if (body->fields)
        finish_form(body);
    else if (!body->problem.http)
        body->fields = server_json_finish(&body->json, &body->problem);
    if (body->problem.http) return 0;
    if (!check_address(body, "input_reference") || !check_address(body, "image_url")) return 0;
    return 1;
}

void server_body_end(server_body *body) {
    if (body->parts) MHD_destroy_post_processor(body->parts);
    body->parts = NULL;
    server_json_end(&body->json);
    server_upload_end(&body->upload);
    free(body->text.bytes);
    body->text.bytes = NULL;
    json_decref(body->fields);
    body->fields = NULL;
}
