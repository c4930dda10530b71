/* What is said of JSON that is wrong. */
#include "base/error.h"
#include "json/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_refused(const char *text, size_t flags, const char *sentence) {
    i2v_error error = {0};
    json_t *root = NULL;
    assert_int_equal(i2v_json_parse(&root, text, strlen(text), flags, "some.json", &error), I2V_ERROR_MODEL);
    assert_null(root);
    assert_string_equal(error.message, sentence);
}

/* Whatever the file is: a key is no tensor where it is not one in a safetensors file. */
static void names_a_key_that_stands_twice(void **state) {
    (void)state;
    expect_refused("{\"r\": 4, \"lora_alpha\": 8, \"r\": 16}", JSON_REJECT_DUPLICATES,
                   "some.json: its JSON has the key r twice; correct it or download it again");
    expect_refused("{\"t\": {\"dtype\": \"F32\", \"dtype\": \"F16\"}}", JSON_REJECT_DUPLICATES,
                   "some.json: its JSON has the key dtype twice; correct it or download it again");
    json_t *root = NULL;
    static const char text[] = "{\"a\": 1, \"b\": {\"a\": 2}}";
    assert_int_equal(i2v_json_parse(&root, text, sizeof text - 1, JSON_REJECT_DUPLICATES, "some.json", NULL), I2V_OK);
    json_decref(root);
}

static void says_what_is_no_object(void **state) {
    (void)state;
    expect_refused("[1]", 0, "some.json: its JSON is no object; download it again");
    expect_refused("{\n\"a\": 1,\n}", 0,
                   "some.json: damaged JSON in line 3 (string or '}' expected near '}'); correct it or download it "
                   "again");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_a_key_that_stands_twice),
                                       cmocka_unit_test(says_what_is_no_object)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
