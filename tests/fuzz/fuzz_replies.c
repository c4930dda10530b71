/* The head of an HTTP answer, line by line, and what is said to a person about it. */
#include "fuzz.h"

#include "hub/refusal.h"

#include <stdlib.h>
#include <string.h>

/* Each line in a block of its own: it does not end with a zero. */
static void take_line(i2v_http_reply *reply, const uint8_t *line, size_t length) {
    char *copy = malloc(length ? length : 1);
    fuzz_require(copy != NULL);
    memcpy(copy, line, length);
    i2v_http_reply_line(reply, copy, length);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    i2v_http_reply reply;
    i2v_http_reply_begin(&reply);
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - data) + 1 - at : size - at;
        take_line(&reply, data + at, length);
        at += length;
    }
    fuzz_require(reply.length >= -1 && reply.linked_size >= -1 && reply.total >= -1);
    if (reply.status < 400) reply.status = 400 + (long)(size % 30);
    char endpoint[] = "https://hub", place[] = "token", token[] = "hf_secret";
    i2v_hub_environment environment = {.endpoint = endpoint, .token_path = place, .token = size % 2 ? token : NULL};
    i2v_hub_question question = {&environment, "org/name", "main", size % 3 ? "model.safetensors" : NULL};
    i2v_error error = {0};
    i2v_http_reply_hide(&reply, environment.token);
    i2v_status status = i2v_hub_refusal(&reply, &question, &error);
    fuzz_require_told(status, &error);
    fuzz_require(!environment.token || !strstr(error.message, "hf_secret"));
    return 0;
}
