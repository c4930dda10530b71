/* JSON trees that are either whole or NULL. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

static void drop(json_t **tree) {
    json_decref(*tree);
    *tree = NULL;
}

void cli_json_set(json_t **tree, const char *key, json_t *value) {
    if (json_object_set_new(*tree, key, value) != 0) drop(tree);
}

void cli_json_append(json_t **tree, json_t *value) {
    if (json_array_append_new(*tree, value) != 0) drop(tree);
}

char *cli_json_write(const json_t *tree, size_t flags) {
    char *text = json_dumps(tree, flags), *again = text ? json_dumps(tree, flags) : NULL;
    if (text && (!again || strcmp(text, again) != 0)) {
        free(text);
        text = NULL;
    }
    free(again);
    return text;
}

json_t *cli_json_read(const char *text, size_t flags, json_error_t *problem) {
    json_error_t again;
    json_t *first = json_loads(text, flags, problem), *second = json_loads(text, flags, &again);
    if (first && second && json_equal(first, second)) {
        json_decref(second);
        return first;
    }
    if (first || second || problem->line < 0 || again.line < 0 || problem->position != again.position) {
        *problem = (json_error_t){.line = -1, .column = -1};
        strcpy(problem->text, "not enough memory");
        problem->text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory; /* where json_error_code looks */
    }
    json_decref(first);
    json_decref(second);
    return NULL;
}
