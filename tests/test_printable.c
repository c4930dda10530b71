/* What is fit for a terminal, and the messages of the library, which are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <stdio.h>
#include <string.h>

static void becomes(const char *text, const char *printable) {
    char copy[200];
    snprintf(copy, sizeof copy, "%s", text);
    i2v_make_printable(copy);
    assert_string_equal(copy, printable);
}

static void letters_stay(void **state) {
    static const char *const texts[] = {
        "",
        "a b~",
        "stra\xc3\x9f", /* in hexadecimal, a letter after it would be a digit */
        "\xc2\xa0",         /* U+00A0, the first after C1 */
        "\xe2\x80\xa7",     /* U+2027 */
        "\xe2\x80\xaf",     /* U+202F */
        "\xe2\x81\xa5",     /* U+2065 */
        "\xe2\x81\xaa",     /* U+206A */
        "\xed\x9f\xbf",     /* U+D7FF */
        "\xee\x80\x80",     /* U+E000 */
        "\xf0\x9f\x8e\x9e", /* U+1F39E */
        "\xf4\x8f\xbf\xbf", /* U+10FFFF */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) becomes(texts[i], texts[i]);
}

static void what_steers_goes(void **state) {
    becomes("\x1b[2J\a\b\t\r\n\x7f.", "?[2J??????.");
    becomes("\xc2\x80\xc2\x9b"
            "31m\xc2\x9f.",
            "??31m?.");
    becomes("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae.", "????.");
    becomes("\xe2\x81\xa6\xe2\x81\xa9.", "??.");
}

static void what_is_no_utf8_goes(void **state) {
    becomes("\x80\xbf\xff\xfe.", "????.");
    becomes("\xc0\x9b\xc1\xbf.", "????.");                     /* overlong */
    becomes("\xe0\x82\x9b.", "???.");                          /* C1 in three bytes */
    becomes("\xf0\x80\x82\x9b.", "????.");                     /* and in four */
    becomes("\xed\xa0\x80\xed\xbf\xbf.", "??????.");           /* halves of surrogates */
    becomes("\xf4\x90\x80\x80\xf5\x80\x80\x80.", "????????."); /* beyond U+10FFFF */
    becomes("a\xc3", "a?");                                    /* cut off */
    becomes("a\xe2\x82", "a??");
    becomes("a\xf0\x9f\x8e", "a???");
    becomes("\xc3"
            "a\xe2\xc3\xa4",
            "?a?\xc3\xa4");
}

static void messages_are_printable(void **state) {
    i2v_error error;
    char longest[3000];
    i2v_fail(&error, I2V_ERROR_IO, "cannot open %s: %d", "a\xc2\x9b\xff\xc3\xa4\n", 3);
    assert_string_equal(error.message, "cannot open a??\xc3\xa4?: 3");
    for (size_t i = 0; i + 1 < sizeof longest; i += 2) memcpy(longest + i, "\xc3\xa4", 2);
    longest[sizeof longest - 2] = 0;
    i2v_fail(&error, I2V_ERROR_IO, "%s", longest); /* 1023 bytes: cut within a letter */
    assert_string_equal(error.message + 1020, "\xc3\xa4?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_stay),
        cmocka_unit_test(what_steers_goes),
        cmocka_unit_test(what_is_no_utf8_goes),
        cmocka_unit_test(messages_are_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
