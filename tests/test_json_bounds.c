/* Bounds on JSON text: what passes takes at most the memory that is the limit, and real files pass. */
#include "hub/listing.h"
#include "weights/weights.h"
#include "json/bounds.h"

#include <jansson.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- texts ---- */

/* head, unit so many times with commas between, tail; "%d" in unit is its place. To be freed. */
static char *text_of(const char *head, const char *unit, const char *tail, int count) {
    size_t size = strlen(head) + strlen(tail) + (strlen(unit) + 12) * (size_t)count + 1;
    char *text = malloc(size), *to = text;
    const char *number = strstr(unit, "%d");
    assert_non_null(text);
    to = stpcpy(to, head);
    for (int i = 0; i < count; i++) {
        if (i) *to++ = ',';
        if (number)
            to += sprintf(to, "%.*s%d%s", (int)(number - unit), unit, i, number + 2);
        else
            to = stpcpy(to, unit);
    }
    strcpy(to, tail);
    return text;
}

static i2v_status check(const char *text, i2v_error *error) {
    return i2v_json_check(text, strlen(text), "some.json", I2V_ERROR_MODEL, error);
}

/* ---- what a parser takes ---- */

static size_t held, most;

static void *count_malloc(size_t size) {
    void *memory = malloc(size);
    held += memory ? malloc_usable_size(memory) + sizeof(size_t) : 0;
    if (held > most) most = held;
    return memory;
}

static void count_free(void *memory) {
    held -= memory ? malloc_usable_size(memory) + sizeof(size_t) : 0;
    free(memory);
}

static size_t parsed_memory(const char *text) {
    json_error_t problem;
    held = most = 0;
    json_t *root = json_loadb(text, strlen(text), JSON_REJECT_DUPLICATES, &problem);
    if (!root) fail_msg("%s", problem.text);
    json_decref(root);
    return most;
}

/* About as many units of a kind as pass: a beginning of a text passes where the whole does. */
static int most_units(const char *const kind[3]) {
    const int many = 1 << 20;
    char *text = text_of(kind[0], kind[1], kind[2], many);
    size_t size = strlen(text), passes = 0, refused = size;
    assert_int_equal(check(text, NULL), I2V_ERROR_MODEL);
    while (refused - passes > size / 1024) {
        size_t middle = passes + (refused - passes) / 2;
        if (i2v_json_check(text, middle, "some.json", I2V_ERROR_MODEL, NULL) == I2V_OK)
            passes = middle;
        else
            refused = middle;
    }
    free(text);
    return (int)((double)passes / (double)size * many);
}

static void what_passes_takes_no_more_than_the_limit(void **state) {
    (void)state;
    static const char *const kinds[][3] = {
        {"{\"a\":[", "[]", "]}"},        {"{\"a\":[", "{}", "]}"},   {"{\"a\":[", "0", "]}"},
        {"{\"a\":[", "1.5", "]}"},       {"{\"a\":[", "\"\"", "]}"}, {"{\"a\":[", "\"a longer text than 16\"", "]}"},
        {"{", "\"1%d\":0", "}"},         {"{", "\"1%d\":\"\"", "}"}, {"{\"a\":[", "{\"a\":0}", "]}"},
        {"{\"a\":[", "[[[[0]]]]", "]}"}, {"{\"a\":[", "[0]", "]}"},  {"{", "\"1%d\":{\"b\":[0]}", "}"},
        {"{\"a\":[", "null", "]}"},
    };
    json_set_alloc_funcs(count_malloc, count_free);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int units = most_units(kinds[i]);
        char *text = text_of(kinds[i][0], kinds[i][1], kinds[i][2], units);
        size_t memory = parsed_memory(text);
        free(text);
        if (memory > I2V_JSON_MAX_MEMORY) fail_msg("%s: %zu bytes for %d", kinds[i][1], memory, units);
    }
}

static void long_strings_count_with_the_parsers_buffers(void **state) {
    (void)state;
    json_set_alloc_funcs(count_malloc, count_free);
    for (size_t mib = 1; mib <= 32; mib *= 2) {
        size_t length = mib << 20;
        char *text = malloc(length + 16);
        assert_non_null(text);
        memcpy(text, "{\"a\":\"", 6);
        memset(text + 6, 'x', length);
        strcpy(text + 6 + length, "\"}");
        if (check(text, NULL) == I2V_OK)
            assert_true(parsed_memory(text) <= I2V_JSON_MAX_MEMORY);
        else
            assert_true(mib > 8);
        free(text);
    }
}

/* ---- what is told, what passes ---- */

static void assert_says(const char *text, const char *words) {
    i2v_error error = {0};
    assert_int_equal(check(text, &error), I2V_ERROR_MODEL);
    if (!strstr(error.message, words) || strncmp(error.message, "some.json: ", 11) != 0)
        fail_msg("\"%s\" lacks \"%s\"", error.message, words);
}

static void too_much_is_told(void **state) {
    (void)state;
    char *many = text_of("{\"a\":[", "[]", "]}", 20000000 / 3);
    char *large = malloc(I2V_JSON_MAX_BYTES + 2);
    assert_non_null(large);
    memset(large, ' ', I2V_JSON_MAX_BYTES + 1);
    large[I2V_JSON_MAX_BYTES + 1] = 0;
    assert_says(many, "its JSON would take more than 64 MiB");
    large[0] = '"'; /* one string */
    large[I2V_JSON_MAX_BYTES - 1] = 0;
    assert_says(large, "its JSON would take more than 64 MiB");
    large[0] = large[I2V_JSON_MAX_BYTES - 1] = ' ';
    assert_says(large, "32 MiB, where 32 are the limit");
    char nested[I2V_JSON_MAX_DEPTH + 2];
    memset(nested, '[', sizeof nested - 1);
    nested[sizeof nested - 1] = 0;
    assert_says(nested, "nested more than 64 deep");
    nested[I2V_JSON_MAX_DEPTH] = 0;
    assert_int_equal(check(nested, NULL), I2V_OK);
    free(many);
    free(large);
}

static void brackets_in_strings_do_not_count(void **state) {
    (void)state;
    char text[4096] = "{\"[[[[\\\"[[[[\\\\\": \"";
    for (size_t at = strlen(text); at < sizeof text - 4; at++) text[at] = '[';
    memcpy(text + sizeof text - 4, "\"}", 3);
    assert_int_equal(check(text, NULL), I2V_OK);
    /* cut anywhere, it is the parser's to refuse */
    for (size_t size = 0; size < 40; size++)
        assert_int_equal(i2v_json_check(text, size, "x", I2V_ERROR_MODEL, NULL), I2V_OK);
}

/* Ten times the tensors of the largest single file of Stable Video Diffusion. */
static void headers_of_real_models_pass(void **state) {
    (void)state;
    char *text = text_of("{\"__metadata__\":{\"format\":\"pt\"},",
                         "\"conditioner.embedders.0.open_clip.model.visual.transformer.resblocks.%d.ln_1.weight\":"
                         "{\"dtype\":\"F16\",\"shape\":[320,320,3,3],\"data_offsets\":[1234567890,1234567890]}",
                         "}", 30000);
    assert_int_equal(check(text, NULL), I2V_OK);
    free(text);
}

/* 60 MB of "[]," took 2.9 GB. */
static void lists_of_the_hub_are_bounded(void **state) {
    (void)state;
    char *text = text_of("{\"sha\":\"0123456789012345678901234567890123456789\",\"siblings\":[", "[]", "]}", 9000000);
    i2v_hub_listing listing;
    i2v_error error = {0};
    json_set_alloc_funcs(count_malloc, count_free);
    most = 0;
    i2v_status status = i2v_listing_parse(&listing, text, strlen(text), "the answer", &error);
    assert_int_equal(status, I2V_ERROR_NETWORK);
    assert_non_null(strstr(error.message, "the answer: its JSON would take more than"));
    assert_int_equal(most, 0);
    free(text);
}

static void headers_of_weights_are_bounded(void **state) {
    (void)state;
    char path[] = "/tmp/img2vid-test-XXXXXX";
    char *text = text_of("{\"a\":[", "[]", "]}", 19000000 / 3);
    uint64_t size = strlen(text);
    FILE *file = fdopen(mkstemp(path), "wb");
    assert_non_null(file);
    assert_true(fwrite(&size, sizeof size, 1, file) == 1 && fwrite(text, size, 1, file) == 1 && fclose(file) == 0);
    i2v_weights *weights = NULL;
    i2v_error error = {0};
    most = 0;
    assert_int_equal(i2v_weights_open_file(&weights, path, &error), I2V_ERROR_MODEL);
    assert_non_null(strstr(error.message, ": its JSON would take more than"));
    assert_int_equal(most, 0);
    unlink(path);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passes_takes_no_more_than_the_limit),
        cmocka_unit_test(long_strings_count_with_the_parsers_buffers),
        cmocka_unit_test(too_much_is_told),
        cmocka_unit_test(brackets_in_strings_do_not_count),
        cmocka_unit_test(headers_of_real_models_pass),
        cmocka_unit_test(lists_of_the_hub_are_bounded),
        cmocka_unit_test(headers_of_weights_are_bounded),
    };
    return cmocka_run_group_tests_name("json_bounds", tests, NULL, NULL);
}
