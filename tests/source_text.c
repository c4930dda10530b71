/* Files of the source, which tests compare with tables. */
#include "source_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

char *read_source(const char *path) {
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "rb");
    assert_non_null(text);
    assert_non_null(file);
    size_t size = fread(text, 1, (1 << 20) - 1, file);
    assert_true(size > 0 && feof(file));
    fclose(file);
    return text;
}
