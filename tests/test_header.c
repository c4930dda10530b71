/* The public header against the table of parameters: each field of a struct of settings begins its comment with the
 * default and the range that it has. */
#include "base/parameters.h"
#include "source_text.h"

#include <ctype.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const struct_names[] = {"i2v_options", "i2v_params", "i2v_output", "i2v_image_options",
                                           "i2v_hub_options"};
enum { STRUCTS = sizeof struct_names / sizeof *struct_names };

/* ---- fields ----------------------------------------------------------------------------------------------------- */

/* One declaration, without its ';'. comment: what stands behind it or above it, from its first word on; "" if none. */
typedef struct {
    const char *code;
    size_t length;
    const char *comment;
} declaration;

/* The fields of a struct begin here. */
static const char *struct_body(const char *header, const char *name) {
    char opening[100];
    snprintf(opening, sizeof opening, "typedef struct %s {", name);
    const char *at = strstr(header, opening);
    if (!at) fail_msg("the header has no %s", name);
    return at + strlen(opening);
}

/* Takes the next declaration from *at on; 0 at the struct's end. */
static int next_declaration(const char **at, declaration *found) {
    *found = (declaration){.comment = ""};
    for (;;) {
        *at += strspn(*at, " \n");
        if (strncmp(*at, "/*", 2) != 0) break;
        found->comment = *at + strlen("/* ");
        *at = strstr(*at, "*/") + 2;
    }
    if (**at == '}' || !**at) return 0;
    found->code = *at;
    found->length = strcspn(*at, ";");
    *at += found->length + 1;
    const char *behind = *at + strspn(*at, " ");
    if (strncmp(behind, "/*", 2) == 0) {
        found->comment = behind + strlen("/* ");
        *at = strstr(behind, "*/") + 2;
    }
    return 1;
}

static int is_part_of_a_name(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static int declares(const declaration *each, const char *field) {
    size_t length = strlen(field);
    for (size_t i = 1; i + length <= each->length; i++) {
        if (memcmp(each->code + i, field, length) == 0 && !is_part_of_a_name(each->code[i - 1]) &&
            !is_part_of_a_name(each->code[i + length]))
            return 1;
    }
    return 0;
}

/* ---- what the comment is to begin with -------------------------------------------------------------------------- */

static void expect_choice(char *text, size_t size, const i2v_parameter *parameter, const char *comment) {
    char choice[I2V_CHOICE_SIZE];
    i2v_choice_name(choice, parameter, (int)parameter->initial);
    for (char *c = choice; *c; c++) *c = (char)toupper((unsigned char)*c);
    const char *last = comment + strcspn(comment, "]"); /* what is before it is the enum's, and not in the table */
    while (last > comment && last[-1] != '_') last--;
    snprintf(text, size, "%.*s%s]", (int)(last - comment), comment, choice);
}

static void expect_number(char *text, size_t size, const i2v_parameter *parameter, const char *comment) {
    static const char models[] = "the model's";
    char initial[32];
    int is_open = parameter->initial < parameter->minimum || parameter->initial > parameter->maximum;
    snprintf(initial, sizeof initial, "%g", parameter->initial);
    if (is_open && strncmp(comment + 1, models, strlen(models)) == 0) snprintf(initial, sizeof initial, "%s", models);
    if (parameter->maximum == INT_MAX)
        snprintf(text, size, "[%s; %g or more]", initial, parameter->minimum);
    else
        snprintf(text, size, "[%s; %.12g to %.12g]", initial, parameter->minimum, parameter->maximum);
}

static void expect(char *text, size_t size, const i2v_parameter *parameter, const char *comment) {
    switch (parameter->type) {
    case I2V_PARAMETER_FLAG:
        snprintf(text, size, "[%g; 0 or 1]", parameter->initial);
        return;
    case I2V_PARAMETER_INTEGER:
    case I2V_PARAMETER_NUMBER:
        expect_number(text, size, parameter, comment);
        return;
    case I2V_PARAMETER_UNSIGNED:
        if (parameter->maximum > 0)
            expect_number(text, size, parameter, comment);
        else
            snprintf(text, size, "[%g; any]", parameter->initial);
        return;
    case I2V_PARAMETER_BYTES:
        snprintf(text, size, "[%g; any]", parameter->initial);
        return;
    case I2V_PARAMETER_CHOICE:
        expect_choice(text, size, parameter, comment);
        return;
    case I2V_PARAMETER_TEXT:
    case I2V_PARAMETER_NUMBERS:
    case I2V_PARAMETER_LORAS:
        snprintf(text, size, "[NULL]");
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void a_parameter_has_its_default_and_range(void **state) {
    (void)state;
    char *header = read_source(I2V_HEADER), expected[100];
    const i2v_parameter *parameter;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++) {
        assert_true((int)parameter->settings < STRUCTS);
        const char *name = struct_names[parameter->settings], *at = struct_body(header, name);
        declaration each;
        while (next_declaration(&at, &each) && !declares(&each, parameter->field)) continue;
        if (!each.code) fail_msg("the header's %s has no %s", name, parameter->field);
        expect(expected, sizeof expected, parameter, each.comment);
        if (strncmp(each.comment, expected, strlen(expected)) != 0)
            fail_msg("%s.%s: its comment is to begin with %s, and begins with %.30s", name, parameter->field, expected,
                     each.comment);
    }
    free(header);
}

static void a_field_that_is_no_parameter_has_a_default(void **state) {
    (void)state;
    char *header = read_source(I2V_HEADER);
    for (int i = 0; i < STRUCTS; i++) {
        const char *at = struct_body(header, struct_names[i]);
        declaration each;
        int fields = 0;
        for (; next_declaration(&at, &each); fields++) {
            if (*each.comment != '[')
                fail_msg("%s: the comment of '%.*s' does not begin with [default; range]", struct_names[i],
                         (int)each.length, each.code);
        }
        assert_true(fields > 5);
    }
    free(header);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_has_its_default_and_range),
        cmocka_unit_test(a_field_that_is_no_parameter_has_a_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
