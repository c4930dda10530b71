#!/bin/bash
# jansson (Debian's libjansson-dev 2.14-2): where the buffer of a token cannot grow, json_loads loses the character and
# reports success with another value than the text has, in place of NULL and json_error_out_of_memory.
# Needs cc and libjansson-dev. Exits non-zero if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/lost.c" <<'CODE'
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static long calls, fails;
static void *take(size_t size) { return ++calls == fails ? NULL : malloc(size); }
int main(void) {
    static const char value[] = "UNetSpatioTemporalConditionModel";
    int lost = 0;
    json_set_alloc_funcs(take, free);
    printf("jansson %s\nexpected: NULL, or the value %s\n", JANSSON_VERSION, value);
    for (fails = 1; fails < 60; fails++) {
        json_error_t error;
        calls = 0;
        json_t *root = json_loads("{\"_class_name\": \"UNetSpatioTemporalConditionModel\"}", 0, &error);
        const char *is = json_string_value(json_object_get(root, "_class_name"));
        if (root && (!is || strcmp(is, value) != 0)) {
            printf("seen, where allocation %ld fails: no error, and the value %s\n", fails, is ? is : "missing");
            lost++;
        }
        json_decref(root);
    }
    return lost == 0;
}
CODE
cc -o "$work/lost" "$work/lost.c" -ljansson
"$work/lost"
