/* A part's tensors in memory, as a caller gives them. */
#include "part_in_memory.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(const char *path) {
    uint8_t *data = NULL;
    size_t size = 0;
    assert_int_equal(i2v_file_read(&data, &size, path, 1 << 20, NULL), I2V_OK);
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    free(data);
    return text;
}

part_in_memory part_in_memory_of(i2v_weights *weights, const char *config) {
    size_t count = i2v_weights_count(weights);
    part_in_memory part = {.weights = weights,
                           .tensors = calloc(count, sizeof *part.tensors),
                           .values = malloc(i2v_weights_bytes(weights) + 2 * count)};
    assert_true(part.tensors && part.values);
    uint8_t *to = part.values;
    for (size_t i = 0; i < count; i++) {
        const i2v_weight *weight = i2v_weights_at(weights, i);
        to += (uintptr_t)to % 2 == 0;
        const void *from = i2v_bytes_read(&weight->at, 0, weight->bytes, to);
        assert_non_null(from);
        if (from != to) memcpy(to, from, weight->bytes);
        part.tensors[i] = (i2v_memory_tensor){weight->name, weight->dtype_name, weight->ndim, weight->shape, to};
        to += weight->bytes;
    }
    part.given = (i2v_memory_part){config ? text_of(config) : NULL, part.tensors, count};
    return part;
}

part_in_memory part_in_memory_from(const char *model, const char *part) {
    char folder[512], config[600];
    i2v_weights *weights = NULL;
    const char *stem = strcmp(part, "image_encoder") == 0 ? "model" : "diffusion_pytorch_model";
    snprintf(folder, sizeof folder, "%s/%s", model, part);
    snprintf(config, sizeof config, "%s/config.json", folder);
    assert_int_equal(i2v_weights_open(&weights, folder, stem, NULL, NULL), I2V_OK);
    return part_in_memory_of(weights, config);
}

void part_in_memory_free(part_in_memory *part) {
    i2v_weights_close(part->weights);
    free((char *)(uintptr_t)part->given.config);
    free(part->tensors);
    free(part->values);
    *part = (part_in_memory){0};
}
