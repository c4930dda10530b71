/* The list of cli/metadata.c against the table of parameters: a video's metadata has every parameter that decides what
 * is made, and none that does not. The list's order is that of the file's JSON, so that it cannot be the table's own.
 */
#include "base/parameters.h"
#include "source_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the program's settings call a struct. */
static const char *const struct_names[] = {"options", "params", "output", "image", "hub"};
/* Rows that are no parameters of the library. */
static const char *const own_rows[] = {"model", "latents", "speed"};
enum { OWN_ROWS = sizeof own_rows / sizeof *own_rows };

static int has_row(const char *list, const char *place) {
    char row[120];
    snprintf(row, sizeof row, "\n    {CLI_AT(%s), ", place);
    return strstr(list, row) != NULL;
}

static void metadata_has_what_decides(void **state) {
    (void)state;
    char *list = read_source(I2V_METADATA_LIST);
    int expected = 0, rows = 0;
    const i2v_parameter *parameter;
    for (size_t i = 0; (parameter = i2v_parameter_at(i)); i++) {
        char place[100];
        snprintf(place, sizeof place, "%s.%s", struct_names[parameter->settings], parameter->field);
        if (has_row(list, place) != parameter->decides)
            fail_msg("%s decides what is made: %d; it is in the list of metadata.c: %d", parameter->name,
                     parameter->decides, has_row(list, place));
        expected += parameter->decides;
    }
    for (int i = 0; i < OWN_ROWS; i++) assert_true(has_row(list, own_rows[i]));
    for (const char *at = list; (at = strstr(at, "\n    {CLI_AT(")); at++) rows++;
    assert_int_equal(rows, expected + OWN_ROWS);
    free(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(metadata_has_what_decides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
