/* How much memory JSON text would take, counted before it is parsed. */
#include "json/bounds.h"

#include <inttypes.h>

/* Bytes that jansson 2.14 takes on 64 bits, measured with glibc's allocator and rounded up: of a string or key, beside
 * its characters; of another value; of an array or object beside what is in it. */
enum { STRING = 112, SCALAR = 80, CONTAINER = 272 };
/* The buffer of what is being read doubles, and is copied when it does. */
enum { BUFFERS = 3 };

typedef struct json_count {
    uint64_t memory;
    size_t longest; /* string or number */
    int depth, deepest;
} json_count;

/* The end of the string or number at text[at], a closing quote included. */
static size_t token_end(const uint8_t *text, size_t size, size_t at) {
    int is_string = text[at] == '"';
    for (at += 1; at < size; at++) {
        uint8_t c = text[at];
        if (is_string && c == '"') return at + 1;
        if (is_string && c == '\\') at++;
        if (!is_string && (c <= ' ' || c == ',' || c == ':' || c == ']' || c == '}')) return at;
    }
    return size;
}

static uint64_t memory_of(const json_count *count) {
    return count->memory + BUFFERS * (uint64_t)count->longest;
}

/* Counts what begins at text[at]; returns where to go on. */
static size_t count_one(json_count *count, const uint8_t *text, size_t size, size_t at) {
    uint8_t c = text[at];
    if (c <= ' ' || c == ',' || c == ':') return at + 1;
    if (c == ']' || c == '}') {
        if (count->depth > 0) count->depth--;
        return at + 1;
    }
    if (c == '[' || c == '{') {
        count->memory += CONTAINER;
        if (++count->depth > count->deepest) count->deepest = count->depth;
        return at + 1;
    }
    size_t end = token_end(text, size, at), length = end - at;
    count->memory += c == '"' ? STRING + length : SCALAR;
    if (length > count->longest) count->longest = length;
    return end;
}

i2v_status i2v_json_check(const void *text, size_t size, const char *name, i2v_status status, i2v_error *error) {
    json_count count = {0};
    if (size > I2V_JSON_MAX_BYTES) {
        return i2v_fail(error, status, "%s: its JSON has %zu MiB, where %zu are the limit; get the right file", name,
                        size >> 20, I2V_JSON_MAX_BYTES >> 20);
    }
    for (size_t at = 0; at < size;) {
        at = count_one(&count, text, size, at);
        if (count.deepest > I2V_JSON_MAX_DEPTH) {
            return i2v_fail(error, status, "%s: its JSON is nested more than %d deep; get the right file", name,
                            I2V_JSON_MAX_DEPTH);
        }
        if (memory_of(&count) > I2V_JSON_MAX_MEMORY) {
            return i2v_fail(error, status,
                            "%s: its JSON would take more than %" PRIu64 " MiB of memory, the limit; get the right "
                            "file",
                            name, I2V_JSON_MAX_MEMORY >> 20);
        }
    }
    return I2V_OK;
}
