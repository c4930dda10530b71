/* What img2vid serve reads of requests, and its queue, piece by piece. */
#include "body.h"
#include "folder.h"
#include "hosts.h"
#include "keys.h"
#include "listen.h"
#include "queue.h"
#include "range.h"
#include "store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder_path[] = "/tmp/img2vid-server-XXXXXX";

static void check_range(const char *header, server_range wanted, uint64_t offset, uint64_t length) {
    uint64_t is_offset, is_length;
    assert_int_equal(server_range_read(header, 100, &is_offset, &is_length), wanted);
    if (wanted == SERVER_RANGE_NOTHING) return;
    assert_int_equal(is_offset, offset);
    assert_int_equal(is_length, length);
}

static void ranges(void **state) {
    check_range(NULL, SERVER_RANGE_WHOLE, 0, 100);
    check_range("bytes=0-0", SERVER_RANGE_PART, 0, 1);
    check_range("bytes=99-", SERVER_RANGE_PART, 99, 1);
    check_range("bytes=50-1000", SERVER_RANGE_PART, 50, 50);
    check_range("bytes=-30", SERVER_RANGE_PART, 70, 30);
    check_range("bytes=-300", SERVER_RANGE_PART, 0, 100);
    check_range("bytes=0-18446744073709551616", SERVER_RANGE_PART, 0, 100);
    check_range("bytes=100-", SERVER_RANGE_NOTHING, 0, 0);
    check_range("bytes=18446744073709551616-", SERVER_RANGE_NOTHING, 0, 0);
    check_range("bytes=-0", SERVER_RANGE_NOTHING, 0, 0);
    static const char *const ignored[] = {"bytes=",     "bytes=-",   "bytes=5-4",  "bytes=1-2,3-4", "bytes=a-b",
                                          "bytes= 1-2", "items=0-1", "bytes=1-2 ", "bytes=--1"};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) check_range(ignored[i], SERVER_RANGE_WHOLE, 0, 100);
}

static void hosts(void **state) {
    static const char *const good[] = {"127.0.0.1",   "127.0.0.1:7860", "[::1]:7860",    "[::1]",      "localhost",
                                       "LOCALHOST:1", "a.example",      "b.example:443", "192.168.1.2"};
    static const char *const bad[] = {"",
                                      ":",
                                      "evil.example",
                                      "127.0.0.1.evil.example",
                                      "localhost.",
                                      "[::1",
                                      "a.example:",
                                      "a.example:80x",
                                      "a.exampl",
                                      "a.example,b.example",
                                      "[127.0.0.1]",
                                      "127.0.0.1:999999"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(server_host_is_allowed(good[i], "a.example,b.example"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(server_host_is_allowed(bad[i], "a.example,b.example"));
    assert_false(server_host_is_allowed(NULL, NULL));
    assert_true(server_origin_is_own("http://localhost:1", "localhost:1"));
    assert_true(server_origin_is_own("https://A.example", "a.example"));
    assert_false(server_origin_is_own("http://localhost:2", "localhost:1"));
    assert_false(server_origin_is_own("http://localhost:1/x", "localhost:1"));
    assert_false(server_origin_is_own("null", "null"));
    assert_false(server_origin_is_own("ftp://a", "a"));
}

static void addresses(void **state) {
    server_address address;
    static const char *const bad[] = {"",
                                      "7860",
                                      ":7860",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "example.com:80",
                                      "::1:80",
                                      "[::1]",
                                      "[::1:80",
                                      "[127.0.0.1]:80",
                                      "127.0.0.1:8 ",
                                      "[]:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(server_address_read(&address, bad[i], NULL), I2V_ERROR_PARAMETER);
    assert_int_equal(server_address_read(&address, "127.9.9.9:1", NULL), I2V_OK);
    assert_true(address.is_loopback);
    assert_int_equal(server_address_read(&address, "[::1]:0", NULL), I2V_OK);
    assert_true(address.is_loopback);
    assert_int_equal(server_address_read(&address, "0.0.0.0:80", NULL), I2V_OK);
    assert_false(address.is_loopback);
    assert_int_equal(server_address_read(&address, "[::]:80", NULL), I2V_OK);
    assert_false(address.is_loopback);
}

static void keys(void **state) {
    server_keys all = {0};
    char line[SERVER_KEY_SIZE + 32];
    assert_int_equal(server_keys_draw(&all, NULL), I2V_OK);
    snprintf(line, sizeof line, "Bearer %s", all.items[0].key);
    assert_string_equal(server_keys_find(&all, line), "key-drawn");
    line[strlen(line) - 1] ^= 1;
    assert_null(server_keys_find(&all, line));
    line[strlen(line) - 1] = 0; /* a beginning */
    assert_null(server_keys_find(&all, line));
    assert_null(server_keys_find(&all, "Bearer "));
    assert_null(server_keys_find(&all, NULL));
    server_keys_end(&all);
}

/* Who has which key, of a file with that text; NULL: it is refused with these words. */
static void check_keys(const char *text, const char *key, const char *client, const char *words) {
    char path[64], line[SERVER_KEY_SIZE + 32];
    server_keys all = {0};
    i2v_error error = {0};
    snprintf(path, sizeof path, "%s/keys", folder_path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    i2v_status status = server_keys_read(&all, path, &error);
    assert_int_equal(status, words ? I2V_ERROR_FORMAT : I2V_OK);
    if (words && !strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
    assert_null(strstr(error.message, "0123456789"));
    snprintf(line, sizeof line, "Bearer %s", key);
    if (client) assert_string_equal(server_keys_find(&all, line), client);
    server_keys_end(&all);
    unlink(path);
}

/* printf %s KEY | sha256sum: wherever a key without a name stands, its jobs are its own. */
static void key_files(void **state) {
#define KEY "0123456789abcdef-a"
#define OWNER "key-d59433a5d34913c9"
    static const char of_63[] = "123456789-123456789-123456789-123456789-123456789-123456789-123";
    char text[200];
    check_keys(KEY "\n", KEY, OWNER, NULL);
    check_keys("# first\n \nbob 0123456789abcdef-b\n  # more\n" KEY "\r\n", KEY, OWNER, NULL);
    check_keys("a 0123456789#abcdef#\n", "0123456789#abcdef#", "a", NULL);
    check_keys("a 0123456789abcdef-b\na " KEY "\n", KEY, "a", NULL); /* two keys of one client */
    check_keys("a " KEY "\na " KEY "\n", NULL, NULL, ":2: this key stands further up");
    check_keys("a " KEY " # mine\n", NULL, NULL, ":1: a line is a key, or a name and a key");
    check_keys(KEY " # the key of somebody\n", NULL, NULL, ":1: a key does not begin with #");
    check_keys(KEY " #0123456789abcdef\n", NULL, NULL, ":1: a key does not begin with #");
    check_keys(OWNER " " KEY "\n", NULL, NULL, ":1: names that begin with key- ");
    check_keys("key-2 " KEY "\n", NULL, NULL, ":1: names that begin with key- ");
    check_keys("r\xc3\xa4 " KEY "\n", NULL, NULL, ":1: a name has letters of ASCII");
    check_keys("# none\n", NULL, NULL, "has no API key");
    snprintf(text, sizeof text, "%s %s\n", of_63, KEY);
    check_keys(text, KEY, of_63, NULL);
    snprintf(text, sizeof text, "x%s %s\n", of_63, KEY);
    check_keys(text, NULL, NULL, ":1: the name is too long; it has 63 bytes at most");
}

/* ---- JSON with a picture ---------------------------------------------------------------------------------------- */

/* The tree, of which the text came in pieces of that size; the picture's bytes are in picture. */
static json_t *feed(const server_folder *folder, const char *text, size_t piece, char *picture, size_t size,
                    server_problem *problem) {
    server_upload upload;
    server_json_stream *stream = malloc(sizeof *stream);
    assert_non_null(stream);
    server_upload_begin(&upload, folder, 16);
    server_json_begin(stream, &upload);
    int good = 1;
    memset(problem, 0, sizeof *problem);
    memset(picture, 0, size);
    for (size_t at = 0, length = strlen(text); good && at < length; at += piece)
        good = server_json_feed(stream, text + at, length - at < piece ? length - at : piece, problem);
    json_t *tree = good ? server_json_finish(stream, problem) : NULL;
    if (server_upload_is_there(&upload)) {
        char *path = server_folder_file(folder, SERVER_INCOMING, upload.id);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_true(fread(picture, 1, size, file) < size);
        fclose(file);
        free(path);
    }
    server_upload_end(&upload);
    server_json_end(stream);
    free(stream);
    return tree;
}

static void json(void **state) {
    static const struct {
        const char *text, *picture, *code; /* the code of what is wrong; NULL: nothing is */
    } rows[] = {
        {"{\"image_url\": \"data:image/png;base64,cGljdHVyZQ==\", \"b\": 1}", "picture", NULL},
        {"{\"image_url\": \"data:;base64,cGljdHVyZQ\"}", "picture", NULL},
        {"{\"image_url\": \"data:image\\/png;base64,\\/\\/8=\"}", "\xff\xff", NULL},
        {"{\"a\": \"dat\", \"b\": \"d\\\"ata:\", \"c\": \"\\\\\"}", "", NULL},
        {"{\"image_url\": \"data:image/png;base64,cGljdHVyZQ=\"}", "", "invalid_picture"},
        {"{\"image_url\": \"data:image/png;base64,c\"}", "", "invalid_picture"},
        {"{\"image_url\": \"data:image/png;base64,c=Gl\"}", "", "invalid_picture"},
        {"{\"image_url\": \"data:image/png,cGlj\"}", "", "invalid_picture"},
        {"{\"image_url\": \"data:\"}", "", "invalid_picture"},
        {"{\"image_url\": \"data:;base64,cGlj\", \"input_reference\": \"data:;base64,cGlj\"}", NULL, "invalid_value"},
        {"{\"image_url\": \"data:;base64,cGljdHVyZXBpY3R1cmVwaWN0dXJl\"}", NULL, "too_large"},
        {"{\"image_url\": \"data:;base64,cGlj", "", "invalid_json"},
        {"{\"input_reference\" : {\"a\": [1, {}], \"image_url\": \"data:;base64,cGlj\"}}", "pic", NULL},
        {"{\"image_url\": null, \"a\": {\"image_url\": 1}, \"input_reference\" :\n\"data:;base64,cGlj\"}", "pic", NULL},
        /* in other places the same is a text */
        {"{\"prompt\": \"data:;base64,cGlj\"}", "", NULL},
        {"{\"data:\": \"data:\", \"a\\\"\": \"data:\"}", "", NULL},
        {"{\"input_reference\": 1, \"prompt\": \"data:!\", \"image_url_of_another\": \"data:!\"}", "", NULL},
        {"{\"input_reference\": [\"data:!\"], \"image_url\": {\"a\": {\"image_url\": \"data:!\"}}}", "", NULL},
        {"{\"image_url\": {\"image_url\": 1, \"b\": \"data:\"}}", "", NULL},
        {"{\"a\": {\"image_url\": \"data:!\"}, \"b\": [{\"image_url\": \"data:!\"}]}", "", NULL},
        {"{\"a\": 1, \"a\": 2}", "", "invalid_json"},
        {"[1]", "", "invalid_json"},
        {"", "", "invalid_json"},
    };
    const server_folder *folder = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t piece = 1; piece < 80; piece += piece < 9 ? 1 : 35) {
            char picture[64];
            server_problem problem;
            json_t *tree = feed(folder, rows[i].text, piece, picture, sizeof picture, &problem);
            assert_string_equal(problem.code, rows[i].code ? rows[i].code : "");
            assert_int_equal(tree != NULL, !rows[i].code);
            if (!rows[i].code) assert_string_equal(picture, rows[i].picture);
            json_decref(tree);
        }
    }
}

/* Numbers that a client of any language may write. */
static void json_numbers(void **state) {
    static const char *const rows[][2] = {
        {"{\"seed\":18446744073709551615}", "{\"seed\":\"18446744073709551615\"}"},
        {"{\"seed\" : 9223372036854775808 ,\"a\":1}", "{\"seed\":\"9223372036854775808\",\"a\":1}"},
        {"{\"seed\":-99999999999999999999999}", "{\"seed\":\"-99999999999999999999999\"}"},
        {"{\"seed\":123456789012345678}", "{\"seed\":123456789012345678}"},
        {"{\"seed\":0.5,\"prompt\":99999999999999999999}", "{\"seed\":0.5,\"prompt\":1e20}"},
        {"{\"prompt\":\"99999999999999999999\",\"seed\":[99999999999999999999]}",
         "{\"prompt\":\"99999999999999999999\",\"seed\":[1e20]}"},
        {"{\"seed\":00000000000000000000001}", NULL},
        {"{\"seed\":1 8446744073709551615999}", NULL},
        {"{\"seed\":1e99999999999999999999}", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t piece = 1; piece < 80; piece += piece < 9 ? 1 : 35) {
            char picture[64];
            server_problem problem;
            json_t *tree = feed(*state, rows[i][0], piece, picture, sizeof picture, &problem);
            json_t *wanted = rows[i][1] ? json_loads(rows[i][1], 0, NULL) : NULL;
            if (!tree != !wanted || (tree && !json_equal(tree, wanted))) fail_msg("%s", rows[i][0]);
            json_decref(tree);
            json_decref(wanted);
        }
    }
}

/* ---- forms ------------------------------------------------------------------------------------------------------ */

#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define PICTURE                                                                                                        \
    "content-disposition: form-data; filename=\"a;\\\".png\"; name=input_reference\r\n"                                \
    "Content-Type: image/png\r\n\r\n"
static const char form_type[] = "multipart/form-data; boundary=b";

/* What the form has, as JSON, with its picture's bytes as another field; or the code of what is wrong. The form comes
 * in a first piece of that size, and in others of the second. */
static char *read_form(const server_folder *folder, const char *type, const char *text, size_t length, size_t first,
                       size_t piece) {
    char picture[64] = "", *is;
    server_body *body = malloc(sizeof *body);
    assert_non_null(body);
    int good = server_body_begin(body, type, folder, 64);
    for (size_t at = 0, size = first; good && at < length; at += size, size = piece) {
        if (size > length - at) size = length - at;
        char *alone = malloc(size); /* for sanitizers */
        assert_non_null(alone);
        memcpy(alone, text + at, size);
        server_body_feed(body, alone, size);
        free(alone);
    }
    good = good && server_body_finish(body);
    if (good && server_upload_is_there(&body->upload)) {
        char *path = server_folder_file(folder, SERVER_INCOMING, body->upload.id);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(picture, 1, sizeof picture, file), body->upload.size);
        fclose(file);
        free(path);
        json_object_set_new(body->fields, "picture", json_stringn(picture, body->upload.size));
    }
    is = good ? json_dumps(body->fields, JSON_COMPACT | JSON_SORT_KEYS) : strdup(body->problem.code);
    server_body_end(body);
    free(body);
    assert_non_null(is);
    return is;
}

static void check_form(const server_folder *folder, const char *type, const char *text, size_t length, size_t first,
                       size_t piece, const char *wanted) {
    char *is = read_form(folder, type, text, length, first, piece);
    if (strcmp(is, wanted) != 0)
        fail_msg("cut at %zu, then every %zu: %s\n%s\nis not %s", first, piece, text, is, wanted);
    free(is);
}

/* Wherever the body is cut, the form is the same. */
static void check_cuts(const server_folder *folder, const char *type, const char *text, const char *wanted) {
    size_t length = strlen(text);
    for (size_t first = 1; first <= length; first++) check_form(folder, type, text, length, first, length, wanted);
    for (size_t piece = 1; piece < 5; piece++) check_form(folder, type, text, length, piece, piece, wanted);
}

static void forms(void **state) {
    static const char two[] = "--boundary\r\n" FIELD("seed") "1\r\n--boundary\r\n" PICTURE "x\r\n--boundary--\r\n";
    static const char four[] =
        "--boundary\r\n" PICTURE "\r\n--\r\r\n\r\n--\n--bounda\r\n-\r\n"
        "--boundary\r\n" FIELD("seed") "\r\n"
                                       "--boundary \t\r\n" FIELD("prompt") "\r\n\xc3\xa4\r\n"
                                                                           "--boundary\r\n" FIELD(
                                                                               "s[]") "2\r\n--boundary--";
    check_cuts(*state, "multipart/form-data; boundary=boundary", two, "{\"picture\":\"x\",\"seed\":\"1\"}");
    check_cuts(*state, "multipart/form-data; x=\";boundary=no\"; Boundary=\"boundary\"", four,
               "{\"picture\":\"\\r\\n--\\r\\r\\n\\r\\n--\\n--bounda\\r\\n-\",\"prompt\":\"\\r\\n\xc3\xa4\","
               "\"s\":\"2\",\"seed\":\"\"}");
}

static void odd_forms(void **state) {
    static const struct {
        const char *type, *text, *wanted;
    } rows[] = {
        /* RFC 2046: a boundary of one letter, and text before the first and after the last */
        {form_type, "--b\r\n" FIELD("seed") "1\r\n--b--", "{\"seed\":\"1\"}"},
        {form_type, "before\r\n--b\r\n" FIELD("seed") "1\r\n--b--\r\nafter\r\n--b\r\n", "{\"seed\":\"1\"}"},
        {form_type, "\r\n--b\r\n" FIELD("seed") "1\r\n--b--", "{\"seed\":\"1\"}"},
        {form_type, "--b\r\n" FIELD("seed") "--b--", "{\"seed\":\"\"}"},
        {form_type, "--b--", "{}"},
        {form_type, "--b\r\n" FIELD("s[]") "1\r\n--b\r\n" FIELD("s[]") "2\r\n--b--", "{\"s\":\"1,2\"}"},
        {form_type, "--b\r\n" FIELD("seed") "\r\n--b\r\n" FIELD("seed") "2\r\n--b--", "invalid_value"},
        {form_type, "--b\r\n" FIELD("seed") "1\r\n--b\r\n" FIELD("seed") "1\r\n--b--", "invalid_value"},
        {form_type, "--b\r\n" PICTURE "\r\n--b\r\n" PICTURE "\r\n--b--", "invalid_value"},
        {form_type, "--b\r\n" FIELD("seed") "\xff\r\n--b--", "invalid_value"},
        {form_type, "--b\r\n" FIELD("seed") "1\r\n--b", "invalid_form"},
        {form_type, "--b\r\n" FIELD("seed") "1\r\n--b-\r\n", "invalid_form"},
        {form_type, "--b\r\n" FIELD("seed") "1\r\n--bc--", "invalid_form"},
        {form_type, "--b\r\n" FIELD("") "1\r\n--b--", "invalid_form"},
        {form_type, "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--", "invalid_form"},
        {form_type, "--b\r\n\r\n1\r\n--b--", "invalid_form"},
        {form_type, "--c\r\n" FIELD("seed") "1\r\n--c--", "invalid_form"},
        {form_type, "", "invalid_form"},
        {"multipart/form-data; boundary=\"b", "--b--", "invalid_form"},
        {"multipart/form-data; boundary=", "----", "invalid_form"},
        {"multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890", "",
         "invalid_form"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = strlen(rows[i].text);
        check_form(*state, rows[i].type, rows[i].text, length, length, length, rows[i].wanted);
        check_cuts(*state, rows[i].type, rows[i].text, rows[i].wanted);
    }
    static char large[] = "--b\r\n" PICTURE "0123456789012345678901234567890123456789012345678901234567890123\r\n--b--";
    check_form(*state, form_type, large, strlen(large), 9, 9,
               "{\"picture\":\"0123456789012345678901234567890123456789012345678901234567890123\"}");
    large[strlen(large) - 7] = '4'; /* in place of the carriage return before the last boundary */
    check_form(*state, form_type, large, strlen(large), 9, 9, "too_large");
}

/* ---- the queue -------------------------------------------------------------------------------------------------- */

static server_store *open_with(const server_folder *folder, const char *model) {
    server_store *store;
    i2v_error error = {0};
    char *path = server_folder_store(folder);
    if (server_store_open(&store, path, &error) != I2V_OK) fail_msg("%s", error.message);
    free(path);
    assert_int_equal(server_store_offer(store, model, NULL), SERVER_STORED);
    return store;
}

static server_store *open_store(const server_folder *folder) {
    return open_with(folder, "m");
}

/* Of the client, "a"; its name ends in that number. */
static void add(server_store *store, const char *client, int number, server_stored wanted) {
    char name[2] = {*client, 0}, model[] = "m", parameters[] = "{}";
    server_job job = {.client = name, .model = model, .parameters = parameters, .created = 1};
    snprintf(job.id, sizeof job.id, "video_%032x", (unsigned)number);
    assert_int_equal(server_store_add(store, &job, 6, NULL), wanted);
}

/* The jobs in the order in which they are worked on, by their numbers; each but the last ends before the next begins.
 */
static void check_next(server_store *store, int wanted) {
    server_job job;
    char id[SERVER_ID_SIZE];
    snprintf(id, sizeof id, "video_%032x", (unsigned)wanted);
    assert_int_equal(server_store_next(store, &job, NULL), SERVER_STORED);
    assert_string_equal(job.id, id);
    assert_int_equal(server_store_begin(store, id, 2, NULL), SERVER_STORED);
    server_job_end(&job);
}

static void end(server_store *store, int number) {
    char id[SERVER_ID_SIZE];
    snprintf(id, sizeof id, "video_%032x", (unsigned)number);
    assert_int_equal(server_store_end(store, id, SERVER_COMPLETED, NULL, 1, 3, NULL), SERVER_STORED);
}

static void turns(void **state) {
    server_store *store = open_store(*state);
    for (int i = 1; i <= 4; i++) add(store, "a", i, SERVER_STORED);
    check_next(store, 1);
    add(store, "b", 5, SERVER_STORED);
    add(store, "b", 6, SERVER_STORED);
    add(store, "c", 7, SERVER_STORED);
    add(store, "c", 8, SERVER_NO_PLACE);
    check_next(store, 1); /* one that has begun goes on, also after another start */
    server_store_close(store);
    store = open_store(*state);
    check_next(store, 1);
    end(store, 1);
    static const int order[] = {5, 7, 2, 6, 3, 4};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        check_next(store, order[i]);
        end(store, order[i]);
    }
    /* who was here before does not wait for who comes after */
    add(store, "b", 9, SERVER_STORED);
    check_next(store, 9);
    assert_int_equal(server_store_cancel(store, "a", "video_00000000000000000000000000000009", 4, NULL),
                     SERVER_NOT_THERE);
    assert_int_equal(server_store_cancel(store, "b", "video_00000000000000000000000000000009", 4, NULL), SERVER_STORED);
    assert_int_equal(
        server_store_end(store, "video_00000000000000000000000000000009", SERVER_COMPLETED, NULL, 1, 5, NULL),
        SERVER_NOT_THERE);
    server_store_close(store);
}

/* The numbers of the client's jobs after that one, three at most. */
static void check_page(server_store *store, const char *client, int after, int ascending, const char *wanted) {
    char id[SERVER_ID_SIZE], is[64] = "";
    server_job jobs[3];
    int count;
    snprintf(id, sizeof id, "video_%032x", (unsigned)after);
    assert_int_equal(server_store_list(store, client, after ? id : NULL, ascending, 3, jobs, &count, NULL),
                     SERVER_STORED);
    for (int i = 0; i < count; i++) {
        snprintf(is + strlen(is), sizeof is - strlen(is), "%s ", jobs[i].id + SERVER_ID_SIZE - 3);
        server_job_end(&jobs[i]);
    }
    assert_string_equal(is, wanted);
}

static void remove_job(server_store *store, const char *client, int number, server_stored wanted) {
    char id[SERVER_ID_SIZE];
    snprintf(id, sizeof id, "video_%032x", (unsigned)number);
    assert_int_equal(server_store_remove(store, client, id, NULL), wanted);
}

/* Who removes what a list has goes on in it. */
static void pages(void **state) {
    server_store *store = open_store(*state);
    int count;
    for (int i = 0x20; i < 0x26; i++) add(store, i == 0x22 ? "e" : "d", i, SERVER_STORED);
    check_page(store, "d", 0, 0, "25 24 23 ");
    for (int i = 0x25; i > 0x22; i--) remove_job(store, "d", i, SERVER_STORED);
    remove_job(store, "d", 0x25, SERVER_NOT_THERE);
    check_page(store, "d", 0x23, 0, "21 20 ");
    check_page(store, "d", 0x20, 1, "21 ");
    remove_job(store, "d", 0x20, SERVER_STORED);
    server_store_close(store);
    store = open_store(*state);
    check_page(store, "d", 0x20, 1, "21 ");
    check_page(store, "d", 0x20, 0, "");
    check_page(store, NULL, 0x23, 0, "22 21 09 ");
    assert_int_equal(server_store_list(store, "e", "video_00000000000000000000000000000023", 0, 3, NULL, &count, NULL),
                     SERVER_NOT_THERE);
    assert_int_equal(server_store_list(store, NULL, "video_00000000000000000000000000000099", 0, 3, NULL, &count, NULL),
                     SERVER_NOT_THERE);
    remove_job(store, "d", 0x21, SERVER_STORED);
    remove_job(store, "e", 0x22, SERVER_STORED);
    server_store_close(store);
}

static void patience(void **state) {
    static const struct {
        double left, expected;
        int wanted;
    } rows[] = {{0, 500, 1}, {0.2, 500, 1}, {30.5, 500, 31}, {1e9, 0, 86400}, {-1, 500, 500},
                {-1, 0, 60}, {-1, -20, 60}, {-1, 0.5, 1},    {-1, 1e9, 86400}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        server_progress progress = {.seconds_left = rows[i].left};
        assert_int_equal(server_queue_patience(&progress, rows[i].expected), rows[i].wanted);
    }
}

/* A begin that an ordered end follows does not count, however often it is said; others do, until a step is made. */
static void attempts(void **state) {
    static const char id[] = "video_00000000000000000000000000000015";
    server_store *store = open_store(*state);
    server_job job;
    add(store, "a", 0x15, SERVER_STORED);
    for (int i = 0; i < 3; i++) {
        check_next(store, 0x15);
        assert_int_equal(server_store_leave(store, id, 0, NULL), SERVER_STORED);
        assert_int_equal(server_store_leave(store, id, 0, NULL), SERVER_STORED);
    }
    for (int i = 0; i < 3; i++) check_next(store, 0x15);
    assert_int_equal(server_store_next(store, &job, NULL), SERVER_STORED);
    assert_int_equal(job.attempts, 3);
    server_job_end(&job);
    assert_int_equal(server_store_advance(store, id, NULL), SERVER_STORED);
    assert_int_equal(server_store_leave(store, id, 2, NULL), SERVER_STORED);
    assert_int_equal(server_store_next(store, &job, NULL), SERVER_STORED);
    assert_int_equal(job.attempts, 0);
    server_job_end(&job);
    server_store_remove(store, NULL, id, NULL);
    server_store_close(store);
}

static void note_missing(const char *model, int64_t count, void *user) {
    snprintf(user, 20, "%s %d", model, (int)count);
}

/* Jobs of a model that is not offered wait, one that had begun, too, and others go first. */
static void models(void **state) {
    char told[20] = "";
    server_job job;
    server_store *store = open_store(*state);
    add(store, "a", 0x16, SERVER_STORED);
    check_next(store, 0x16);
    add(store, "a", 0x17, SERVER_STORED);
    server_store_missing(store, note_missing, told, NULL);
    assert_string_equal(told, "");
    server_store_close(store);
    store = open_with(*state, "other");
    assert_int_equal(server_store_missing(store, note_missing, told, NULL), SERVER_STORED);
    assert_string_equal(told, "m 2");
    assert_int_equal(server_store_next(store, &job, NULL), SERVER_NOT_THERE);
    assert_int_equal(server_store_find(store, NULL, "video_00000000000000000000000000000016", &job, NULL),
                     SERVER_STORED);
    assert_int_equal(job.status, SERVER_QUEUED);
    server_job_end(&job);
    server_store_close(store);
    store = open_store(*state);
    check_next(store, 0x16);
    server_store_remove(store, NULL, "video_00000000000000000000000000000016", NULL);
    check_next(store, 0x17);
    server_store_remove(store, NULL, "video_00000000000000000000000000000017", NULL);
    server_store_close(store);
}

static void check_rights(const char *path, const char *ending) {
    char name[200];
    struct stat info;
    snprintf(name, sizeof name, "%s%s", path, ending);
    if (stat(name, &info) == 0)
        assert_int_equal(info.st_mode & 07777, 0600);
    else
        assert_true(*ending);
}

/* Nobody else on the machine reads what is asked for, whatever made the files, and whatever the folder allows. */
static void rights(void **state) {
    char *path = server_folder_store(*state), wal[200];
    server_store *store = open_store(*state);
    server_store_close(store);
    snprintf(wal, sizeof wal, "%s-wal", path);
    close(open(wal, O_WRONLY | O_CREAT, 0644));
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(wal, 0644), 0);
    for (int i = 0; i < 2; i++) {
        if (i == 1) unlink(path);
        store = open_store(*state);
        add(store, "a", 20, SERVER_STORED);
        check_rights(path, "");
        check_rights(path, "-wal");
        check_rights(path, "-shm");
        server_store_remove(store, NULL, "video_00000000000000000000000000000014", NULL);
        server_store_close(store);
        check_rights(path, "");
        check_rights(path, "-wal");
    }
    free(path);
}

static int begin(void **state) {
    static server_folder folder;
    i2v_error error = {0};
    *state = &folder;
    return !mkdtemp(folder_path) || server_folder_begin(&folder, folder_path, &error) != I2V_OK;
}

static int finish(void **state) {
    char command[100];
    server_folder_end(*state);
    snprintf(command, sizeof command, "rm -r %s", folder_path);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),       cmocka_unit_test(hosts),     cmocka_unit_test(addresses),
        cmocka_unit_test(keys),         cmocka_unit_test(key_files), cmocka_unit_test(json),
        cmocka_unit_test(json_numbers), cmocka_unit_test(forms),     cmocka_unit_test(odd_forms),
        cmocka_unit_test(turns),        cmocka_unit_test(pages),     cmocka_unit_test(patience),
        cmocka_unit_test(attempts),     cmocka_unit_test(models),    cmocka_unit_test(rights)};
    return cmocka_run_group_tests(tests, begin, finish);
}
