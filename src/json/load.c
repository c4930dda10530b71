/* JSON text into a tree. It is parsed twice, since jansson does not always say that memory lacked. */
#include "json/load.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a. */
static int add_bytes(const char *bytes, size_t size, void *user) {
    uint64_t *sum = user;
    for (size_t i = 0; i < size; i++) *sum = (*sum ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return 0;
}

/* What one parse came to. */
typedef struct parsed {
    json_t *root; /* NULL: problem says why */
    int has_root;
    uint64_t sum; /* of the tree */
    int is_sure;  /* nothing in it was for lack of memory, as far as jansson says */
    json_error_t problem;
} parsed;

static void parse(parsed *result, const void *text, size_t size, size_t flags) {
    *result = (parsed){.sum = 0xcbf29ce484222325u};
    result->root = json_loadb(text, size, flags, &result->problem);
    result->has_root = result->root != NULL;
    if (result->root) {
        result->is_sure =
            json_dump_callback(result->root, add_bytes, &result->sum, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
    } else { /* an error that is not set is one of malloc */
        result->is_sure = json_error_code(&result->problem) != json_error_out_of_memory && result->problem.line >= 0;
    }
}

static int are_same(const parsed *one, const parsed *other) {
    if (!one->is_sure || !other->is_sure || one->has_root != other->has_root) return 0;
    if (other->has_root) return one->sum == other->sum;
    return one->problem.position == other->problem.position && strcmp(one->problem.text, other->problem.text) == 0;
}

/* Memory that fails does not fail twice at the same character. Only one of the trees is there at a time. */
json_t *i2v_json_load(const void *text, size_t size, size_t flags, json_error_t *problem) {
    parsed first, second;
    parse(&first, text, size, flags);
    json_decref(first.root);
    parse(&second, text, size, flags);
    *problem = second.problem;
    if (are_same(&first, &second)) return second.root;
    json_decref(second.root);
    *problem = (json_error_t){.line = -1, .column = -1};
    strcpy(problem->text, "not enough memory");
    problem->text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory; /* where json_error_code looks */
    return NULL;
}
