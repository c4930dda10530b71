/* JSON that comes in pieces and may hold a picture. */
#include "json_stream.h"
#include "order.h"

#include <stdlib.h>
#include <string.h>

static const char scheme[] = SERVER_DATA_HERE;
enum { SCHEME = sizeof scheme - 1 };

void server_json_begin(server_json_stream *stream, server_upload *upload) {
    *stream = (server_json_stream){.upload = upload};
}

void server_json_end(server_json_stream *stream) {
    free(stream->kept);
    stream->kept = NULL;
}

static int keep(server_json_stream *stream, char c, server_problem *problem) {
    if (stream->size == stream->room) {
        size_t room = stream->room ? 2 * stream->room : 4096;
        char *grown = room <= SERVER_JSON_MOST ? realloc(stream->kept, room) : NULL;
        if (!grown && room > SERVER_JSON_MOST)
            return server_refuse(problem, 413, "too_large", NULL, "the JSON has more than %d bytes beside the picture",
                                 SERVER_JSON_MOST);
        if (!grown) return server_refuse(problem, 500, "server_error", NULL, "not enough memory");
        stream->kept = grown;
        stream->room = room;
    }
    stream->kept[stream->size++] = c;
    return 1;
}

/* ---- an address with a picture in it ---------------------------------------------------------------------------- */

static int refuse_data(server_problem *problem, const char *why) {
    return server_refuse(problem, 400, "invalid_picture", "input_reference",
                         "the address of the picture, data:image/...;base64,..., %s", why);
}

static int write_bytes(server_json_stream *stream, server_problem *problem) {
    size_t size = stream->bytes_size;
    stream->bytes_size = 0;
    return server_upload_write(stream->upload, stream->bytes, size, problem);
}

static int take_data(server_json_stream *stream, char c, server_problem *problem) {
    unsigned char byte = 0;
    int count = server_base64_take(&stream->base64, c, &byte);
    if (count < 0) return refuse_data(problem, "is no base64");
    if (count) stream->bytes[stream->bytes_size++] = byte;
    return stream->bytes_size < sizeof stream->bytes || write_bytes(stream, problem);
}

static int end_data(server_json_stream *stream, server_problem *problem) {
    stream->place = SERVER_JSON_OUTSIDE;
    if (!server_base64_is_whole(&stream->base64)) return refuse_data(problem, "ends within a byte");
    return write_bytes(stream, problem) && keep(stream, '"', problem);
}

static int take_head(server_json_stream *stream, char c, server_problem *problem) {
    static const char ending[] = ";base64";
    if (c != ',') {
        if (stream->head_size == sizeof stream->head) return refuse_data(problem, "has no comma where it should");
        stream->head[stream->head_size++] = c;
        return 1;
    }
    size_t size = stream->head_size, wanted = sizeof ending - 1;
    if (size < wanted || memcmp(stream->head + size - wanted, ending, wanted) != 0)
        return refuse_data(problem, "is not in base64");
    stream->base64 = (server_base64){0};
    stream->place = SERVER_JSON_DATA;
    return server_upload_open(stream->upload, problem);
}

/* Of escapes only that of a slash is one that writers use there. */
static int take_address(server_json_stream *stream, char c, server_problem *problem) {
    int is_escaped = stream->is_escaped;
    stream->is_escaped = !is_escaped && c == '\\';
    if (stream->is_escaped) return 1;
    if (is_escaped && c != '/') return refuse_data(problem, "has an escape in it");
    if (c == '"' && stream->place == SERVER_JSON_HEAD) return refuse_data(problem, "has no picture in it");
    if (c == '"') return end_data(stream, problem);
    return stream->place == SERVER_JSON_HEAD ? take_head(stream, c, problem) : take_data(stream, c, problem);
}

/* ---- where a value is ------------------------------------------------------------------------------------------- */

static void set_key(server_json_stream *stream, int depth, const char *key) {
    if (depth >= 1 && depth <= 2) memcpy(stream->keys[depth - 1], key, SERVER_JSON_WORD);
}

/* What a character between texts says of where the next one is. */
static void follow(server_json_stream *stream, char c) {
    static const char none[SERVER_JSON_WORD] = "";
    if (c == ':') set_key(stream, stream->depth, stream->word);
    if (c == ',') set_key(stream, stream->depth, none);
    if ((c == '{' || c == '[') && stream->depth < SERVER_JSON_MOST) set_key(stream, ++stream->depth, none);
    if ((c == '}' || c == ']') && stream->depth > 0) stream->depth--;
}

/* Its field, or image_url in its field. */
static int is_picture(const server_json_stream *stream) {
    if (stream->depth < 1 || stream->depth > 2 || !server_order_is_picture(stream->keys[0])) return 0;
    return stream->depth == 1 || strcmp(stream->keys[1], "image_url") == 0;
}

static void add_letter(server_json_stream *stream, char c) {
    if (stream->word_size < SERVER_JSON_WORD) stream->word[stream->word_size++] = c;
    if (stream->word_size == SERVER_JSON_WORD) *stream->word = 0; /* too long for a key */
}

static void begin_word(server_json_stream *stream) {
    memset(stream->word, 0, sizeof stream->word);
    stream->word_size = 0;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int is_whole(const char *text, size_t size) {
    size_t sign = text[0] == '-';
    if (size <= sign || text[sign] == '0') return 0;
    for (size_t i = sign; i < size; i++)
        if (!is_digit(text[i])) return 0;
    return 1;
}

/* A whole number that Jansson has no room for: a seed becomes a text, by which none of its digits is lost; others are
 * out of every range, and become real numbers. */
static int end_number(server_json_stream *stream, server_problem *problem) {
    enum { SAFE = 18 }; /* digits */
    size_t size = stream->number, begin = stream->size - size;
    stream->number = 0;
    if (size <= SAFE || !is_whole(stream->kept + begin, size)) return 1;
    if (stream->depth != 1 || strcmp(stream->keys[0], "seed") != 0)
        return keep(stream, '.', problem) && keep(stream, '0', problem);
    if (!keep(stream, '"', problem) || !keep(stream, '"', problem)) return 0;
    memmove(stream->kept + begin + 1, stream->kept + begin, size);
    stream->kept[begin] = '"';
    return 1;
}

static int count_number(server_json_stream *stream, char c, server_problem *problem) {
    if (is_digit(c) || (c && strchr("+-.eE", c))) {
        stream->number++;
        return 1;
    }
    return stream->number == 0 || end_number(stream, problem);
}

/* ---- all else --------------------------------------------------------------------------------------------------- */

static server_json_place after_outside(server_json_stream *stream, char c) {
    follow(stream, c);
    if (c != '"') return SERVER_JSON_OUTSIDE;
    stream->matched = 0;
    begin_word(stream);
    return is_picture(stream) ? SERVER_JSON_BEGIN : SERVER_JSON_TEXT;
}

static server_json_place after(server_json_stream *stream, char c) {
    switch (stream->place) {
    case SERVER_JSON_OUTSIDE:
        return after_outside(stream, c);
    case SERVER_JSON_ESCAPE:
        return SERVER_JSON_TEXT;
    case SERVER_JSON_BEGIN:
        if (c == scheme[stream->matched]) {
            stream->head_size = 0;
            stream->is_escaped = 0;
            return ++stream->matched == SCHEME ? SERVER_JSON_HEAD : SERVER_JSON_BEGIN;
        }
        /* fall through */
    default:
        if (c == '"') return SERVER_JSON_OUTSIDE;
        add_letter(stream, c);
        return c == '\\' ? SERVER_JSON_ESCAPE : SERVER_JSON_TEXT;
    }
}

static int feed_one(server_json_stream *stream, char c, server_problem *problem) {
    if (stream->place == SERVER_JSON_HEAD || stream->place == SERVER_JSON_DATA) return take_address(stream, c, problem);
    if (stream->place == SERVER_JSON_OUTSIDE && !count_number(stream, c, problem)) return 0;
    stream->place = after(stream, c);
    return keep(stream, c, problem);
}

int server_json_feed(server_json_stream *stream, const char *text, size_t size, server_problem *problem) {
    for (size_t i = 0; i < size; i++)
        if (!feed_one(stream, text[i], problem)) return 0;
    return 1;
}

json_t *server_json_finish(server_json_stream *stream, server_problem *problem) {
    json_error_t reason;
    json_t *tree = json_loadb(stream->kept ? stream->kept : "", stream->size, JSON_REJECT_DUPLICATES, &reason);
    if (json_is_object(tree)) return tree;
    if (tree)
        server_refuse(problem, 400, "invalid_json", NULL, "the JSON is to be an object");
    else
        server_refuse(problem, 400, "invalid_json", NULL, "the body is no JSON: %s", reason.text);
    json_decref(tree);
    return NULL;
}
