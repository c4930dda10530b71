/* Configurations: every kind of value is read exactly, and what is wrong is refused with a sentence. */
#include "damage.h"
#include "expect_error.h"
#include "temporary_folder.h"

#include "json/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const config_text =
    "{\"_class_name\":\"UNet\",\"in_channels\":8,\"ratio\":0.25,\"wide\":1e300,\"flag\":true,\"none\":null,"
    "\"channels\":[320,640,1280],\"one\":7,\"nested\":[[1,2],[3]],\"types\":[\"Down\",\"Up\"],\"empty\":[],"
    "\"halves\":[0.5,1],\"holes\":[1,null],\"big\":9000000000000000000,\"inner\":{\"key\":1},\"escape\":\"\\u001b["
    "2J\"}";

static i2v_config *open_config(void) {
    write_text("config.json", config_text);
    i2v_config *config = NULL;
    i2v_error error = {0};
    if (i2v_config_open(&config, in_folder("config.json"), &error) != I2V_OK) fail_msg("%s", error.message);
    return config;
}

static void reads_configurations(void **state) {
    (void)state;
    i2v_config *c = open_config();
    char text[16];
    int ints[3] = {0};
    double doubles[2] = {0};
    assert_int_equal(i2v_config_int(c, "in_channels", 4, 8, 8), 8);
    assert_int_equal(i2v_config_int(c, "missing", 4, 10, 20), 4);
    assert_int_equal(i2v_config_int(c, "none", 5, 10, 20), 5);
    assert_true(i2v_config_double(c, "ratio", 1, 0.25, 0.25) == 0.25);
    assert_true(i2v_config_double(c, "in_channels", 1, 0, 10) == 8);
    assert_true(i2v_config_double(c, "none", 1.5, 0, 1) == 1.5);
    assert_true(i2v_config_double(c, "wide", 0, 0, 1e301) == 1e300);
    assert_int_equal(i2v_config_bool(c, "flag", 0), 1);
    assert_int_equal(i2v_config_bool(c, "none", 1), 1);
    i2v_config_string(c, "_class_name", NULL, text, 5);
    assert_string_equal(text, "UNet");
    i2v_config_string(c, "none", "silu", text, sizeof text);
    assert_string_equal(text, "silu");
    i2v_config_string(c, "missing", NULL, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(i2v_config_ints(c, "channels", ints, 3, 320, 1280), 3);
    assert_true(ints[0] == 320 && ints[1] == 640 && ints[2] == 1280);
    assert_int_equal(i2v_config_ints(c, "one", ints, 3, 0, 9), 1);
    assert_int_equal(ints[0], 7);
    assert_int_equal(i2v_config_ints(c, "none", ints, 3, 0, 9), 0);
    assert_int_equal(i2v_config_ints(c, "empty", ints, 0, 0, 9), 0);
    assert_int_equal(i2v_config_doubles(c, "halves", doubles, 2), 2);
    assert_true(doubles[0] == 0.5 && doubles[1] == 1);
    assert_int_equal(i2v_config_doubles(c, "ratio", doubles, 2), 1);
    assert_true(doubles[0] == 0.25);
    assert_int_equal(i2v_config_length(c, "types"), 2);
    assert_int_equal(i2v_config_length(c, "missing"), 0);
    i2v_config_string_at(c, "types", 1, text, sizeof text);
    assert_string_equal(text, "Up");
    assert_true(i2v_config_has(c, "flag") && !i2v_config_has(c, "none") && !i2v_config_has(c, "missing"));
    i2v_error error = {0};
    assert_int_equal(i2v_config_close(c, &error), I2V_OK);
    assert_string_equal(error.message, "");
}

/* The config is closed: its one failure names the file and says `part`. */
static void expect_config_failure(i2v_config *config, const char *part) {
    i2v_error error = {0};
    assert_int_equal(i2v_config_close(config, &error), I2V_ERROR_MODEL);
    assert_says(&error, I2V_ERROR_MODEL, "/config.json: ");
    assert_says(&error, I2V_ERROR_MODEL, part);
}

static void refuses_wrong_numbers(void **state) {
    (void)state;
    static const struct {
        const char *key;
        int low, high;
        const char *part;
    } ints[] = {
        {"in_channels", 9, 20, "in_channels is 8, expected 9 to 20"},
        {"in_channels", 0, 7, "in_channels is 8, expected 0 to 7"},
        {"big", 0, 2147483647, "big is 9000000000000000000, expected 0 to 2147483647"},
        {"ratio", 0, 9, "ratio is a fraction, expected an integer"},
        {"flag", 0, 9, "flag is true or false, expected an integer"},
        {"channels", 0, 9, "channels is an array, expected an integer"},
        {"inner", 0, 9, "inner is an object, expected an integer"},
        {"_class_name", 0, 9, "_class_name is a string, expected an integer"},
    };
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        i2v_config *c = open_config();
        assert_int_equal(i2v_config_int(c, ints[i].key, -3, ints[i].low, ints[i].high), -3);
        expect_config_failure(c, ints[i].part);
    }
    i2v_config *c = open_config();
    assert_true(i2v_config_double(c, "ratio", -3, 0.5, 1) == -3);
    assert_int_equal(i2v_config_int(c, "in_channels", 5, 10, 20), 5); /* the first failure stays */
    expect_config_failure(c, "ratio is 0.25, expected 0.5 to 1");
    c = open_config();
    assert_true(i2v_config_double(c, "wide", -3, 0, 1e299) == -3);
    expect_config_failure(c, "wide is 1e+300");
    c = open_config();
    assert_true(i2v_config_double(c, "types", -3, 0, 1) == -3);
    expect_config_failure(c, "types is an array, expected a number");
    c = open_config();
    assert_int_equal(i2v_config_bool(c, "in_channels", 1), 1);
    expect_config_failure(c, "in_channels is an integer, expected true or false");
}

static void refuses_wrong_strings_and_arrays(void **state) {
    (void)state;
    static const struct {
        const char *key, *part;
        int index; /* -1: i2v_config_string */
    } strings[] = {
        {"in_channels", "in_channels is an integer, expected a string", -1},
        {"_class_name", "_class_name is longer than 3 characters", -1},
        {"escape", "escape holds control characters", -1},
        {"types", "types[2] is missing, expected a string", 2},
        {"types", "types[0] is longer than 3 characters", 0},
        {"channels", "channels[0] is an integer, expected a string", 0},
        {"missing", "missing[0] is missing, expected a string", 0},
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        char text[4] = "?";
        i2v_config *c = open_config();
        if (strings[i].index < 0)
            i2v_config_string(c, strings[i].key, "abc", text, sizeof text);
        else
            i2v_config_string_at(c, strings[i].key, strings[i].index, text, sizeof text);
        assert_string_equal(text, strings[i].index < 0 ? "abc" : "");
        expect_config_failure(c, strings[i].part);
    }
    static const char *const arrays[][2] = {
        {"nested", "nested[0] is an array, expected an integer"},
        {"holes", "holes[1] is null, expected an integer"},
        {"flag", "flag is true or false, expected an integer"},
        {"halves", "halves[0] is a fraction, expected an integer"},
        {"channels", "channels has 3 entries, expected at most 2"},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        int values[2];
        i2v_config *c = open_config();
        i2v_config_ints(c, arrays[i][0], values, 2, 0, 10);
        expect_config_failure(c, arrays[i][1]);
    }
    double doubles[2];
    i2v_config *c = open_config();
    i2v_config_doubles(c, "types", doubles, 2);
    expect_config_failure(c, "types[0] is a string, expected a number");
    c = open_config();
    assert_int_equal(i2v_config_length(c, "inner"), 0);
    expect_config_failure(c, "inner is an object, expected an array");
    c = open_config();
    i2v_config_fail(c, "act_fn %s is not supported", "mish");
    i2v_config_fail(c, "second");
    expect_config_failure(c, ": act_fn mish is not supported");
}

/* As Python's json writes infinities, outside of strings; NaN stays an error. */
static void reads_infinities_of_python(void **state) {
    (void)state;
    i2v_config *config = NULL;
    char text[32];
    write_text("config.json", "{\"low\": -Infinity, \"high\": Infinity, \"a\\\"Infinity\": \"Infinity\", \"last\": 3}");
    assert_int_equal(i2v_config_open(&config, in_folder("config.json"), NULL), I2V_OK);
    assert_true(i2v_config_double(config, "low", 0, -1e301, 0) == -1e300);
    assert_true(i2v_config_double(config, "high", 0, 0, 1e301) == 1e300);
    i2v_config_string(config, "a\"Infinity", "", text, sizeof text);
    assert_string_equal(text, "Infinity");
    assert_int_equal(i2v_config_int(config, "last", 0, 0, 9), 3);
    i2v_config_double(config, "high", 0, 0, 1000);
    i2v_error error = {0};
    assert_int_not_equal(i2v_config_close(config, &error), I2V_OK);
    assert_non_null(strstr(error.message, "high"));
}

static void refuses_wrong_config_files(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "it is empty"},
        {"[1]", "no object"},
        {"3", "a text that begins with \"3\""},
        {"{\"a\":1,\n\"b\" 2}", "damaged JSON in line 2"},
        {"{\"a\":99999999999999999999}", "damaged JSON"},
        {"{\"a\":1e999}", "damaged JSON"},
        {"{\"a\":NaN}", "damaged JSON"},
        {"{\"a\":Infinit", "damaged JSON"},
        {"{\"a\":3Infinity}", "damaged JSON"},
        {"{\"a\":\"\xc3\x28\"}", "damaged JSON"},
        {"{} trailing", "damaged JSON"},
    };
    i2v_config *config = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        i2v_error error = {0};
        write_text("config.json", cases[i][0]);
        assert_int_equal(i2v_config_open(&config, in_folder("config.json"), &error), I2V_ERROR_MODEL);
        assert_null(config);
        assert_says(&error, I2V_ERROR_MODEL, "/config.json: ");
        assert_says(&error, I2V_ERROR_MODEL, cases[i][1]);
    }
    i2v_error error = {0};
    assert_int_equal(i2v_config_open(&config, in_folder("nothing.json"), &error), I2V_ERROR_IO);
    assert_says(&error, I2V_ERROR_IO, "nothing.json");
    assert_int_equal(i2v_config_open(&config, folder, NULL), I2V_ERROR_IO);
    char *deep = calloc(1, 100006);
    assert_non_null(deep);
    memset(deep, '[', 100005);
    memcpy(deep, "{\"a\":", 5);
    write_text("config.json", deep);
    free(deep);
    i2v_config_open(&config, in_folder("config.json"), &error);
    assert_says(&error, I2V_ERROR_MODEL, "nested more than 64 deep");
    assert_int_equal(truncate(in_folder("config.json"), (16 << 20) + 1), 0);
    assert_int_not_equal(i2v_config_open(&config, in_folder("config.json"), &error), I2V_OK);
    assert_non_null(strstr(error.message, "16 MiB"));
}

static void accepts_no_config(void **state) {
    (void)state;
    char text[8];
    int values[1];
    double doubles[1];
    i2v_config_string(NULL, "a", "abc", text, sizeof text);
    assert_string_equal(text, "abc");
    i2v_config_string_at(NULL, "a", 0, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(i2v_config_int(NULL, "a", 3, 0, 1), 3);
    assert_true(i2v_config_double(NULL, "a", 3, 0, 1) == 3);
    assert_int_equal(i2v_config_bool(NULL, "a", 1), 1);
    assert_int_equal(i2v_config_ints(NULL, "a", values, 1, 0, 1), 0);
    assert_int_equal(i2v_config_doubles(NULL, "a", doubles, 1), 0);
    assert_int_equal(i2v_config_length(NULL, "a"), 0);
    assert_int_equal(i2v_config_has(NULL, "a"), 0);
    i2v_config_fail(NULL, "unheard");
    assert_int_equal(i2v_config_close(NULL, NULL), I2V_OK);
}

/* Asks for everything; the answers do not matter. */
static int try_config(void) {
    i2v_config *config = NULL;
    i2v_error error = {0};
    if (i2v_config_open(&config, in_folder("config.json"), &error) != I2V_OK) {
        assert_null(config);
        return 0;
    }
    char text[8];
    int ints[3];
    double doubles[3];
    i2v_config_string(config, "_class_name", "Class", text, sizeof text);
    i2v_config_int(config, "in_channels", 4, 1, 100);
    i2v_config_double(config, "ratio", 0, 0, 1);
    i2v_config_bool(config, "flag", 0);
    i2v_config_ints(config, "channels", ints, 3, 1, 5000);
    i2v_config_doubles(config, "halves", doubles, 3);
    for (int i = 0; i < i2v_config_length(config, "types"); i++)
        i2v_config_string_at(config, "types", i, text, sizeof text);
    if (i2v_config_close(config, &error) == I2V_OK) return 1;
    assert_true(error.message[0] != '\0' && error.status != I2V_OK);
    return 0;
}

static void survives_damaged_configs(void **state) {
    (void)state;
    size_t size = strlen(config_text);
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    for (size_t length = 0; length < size; length++) {
        write_file("config.json", config_text, length);
        assert_int_equal(try_config(), 0);
    }
    uint64_t random = 3;
    int good = 0;
    for (int i = 0; i < 4000; i++) {
        memcpy(copy, config_text, size);
        damage(copy, size, &random);
        write_file("config.json", copy, size);
        good += try_config();
    }
    assert_in_range(good, 1, 3999);
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(reads_configurations),
        IN_FOLDER(refuses_wrong_numbers),
        IN_FOLDER(refuses_wrong_strings_and_arrays),
        IN_FOLDER(reads_infinities_of_python),
        IN_FOLDER(refuses_wrong_config_files),
        IN_FOLDER(accepts_no_config),
        IN_FOLDER(survives_damaged_configs),
    };
    return cmocka_run_group_tests_name("json_config", tests, NULL, NULL);
}
