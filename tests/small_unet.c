/* A UNet of three levels, made by a formula. */
#include "small_unet.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char CONFIG[] =
    "{\"_class_name\": \"UNetSpatioTemporalConditionModel\", \"sample_size\": 8, \"in_channels\": 8,"
    " \"out_channels\": 4, \"block_out_channels\": [64, 128, 64], \"layers_per_block\": 2, \"cross_attention_dim\": 48,"
    " \"down_block_types\": [\"CrossAttnDownBlockSpatioTemporal\", \"DownBlockSpatioTemporal\","
    " \"DownBlockSpatioTemporal\"], \"up_block_types\": [\"UpBlockSpatioTemporal\", \"UpBlockSpatioTemporal\","
    " \"CrossAttnUpBlockSpatioTemporal\"], \"num_attention_heads\": [2, 2, 2], \"transformer_layers_per_block\": 1,"
    " \"addition_time_embed_dim\": 32, \"projection_class_embeddings_input_dim\": 96, \"num_frames\": 2}";

void small_unet_numbers(const char *name, float *values, size_t count) {
    uint32_t seed = 2166136261u;
    for (const char *c = name; *c; c++) seed = (seed ^ (uint8_t)*c) * 16777619u;
    for (size_t i = 0; i < count; i++) {
        uint32_t x = (uint32_t)i + seed;
        x = (x ^ x >> 16) * 0x7feb352du;
        x = (x ^ x >> 15) * 0x846ca68bu;
        x ^= x >> 16;
        values[i] = (float)(x >> 8) / 8388608.0f - 1;
    }
}

static void fill(const i2v_memory_tensor *tensor, float *values, size_t count) {
    const char *end = strrchr(tensor->name, '.');
    small_unet_numbers(tensor->name, values, count);
    if (tensor->ndim == 1) {
        int is_norm = strcmp(end, ".weight") == 0;
        for (size_t i = 0; i < count; i++) values[i] = is_norm ? values[i] / 4 + 1 : values[i] / 8;
        return;
    }
    double scale = 1, inputs = (double)count / (double)tensor->shape[0];
    while (scale * scale * inputs > 3) scale /= 2;
    for (size_t i = 0; i < count; i++) values[i] *= (float)scale;
}

/* Values of all tensors; their shapes go to *sides, which the list of names has room for. */
static size_t read_shapes(json_t *names, i2v_memory_tensor *tensors, int64_t *sides) {
    const char *name;
    json_t *shape, *side;
    size_t all = 0, i = 0, at;
    json_object_foreach(names, name, shape) {
        size_t count = 1;
        tensors[i++] = (i2v_memory_tensor){name, "F32", (int)json_array_size(shape), sides, NULL};
        json_array_foreach(shape, at, side) {
            *sides++ = json_integer_value(side);
            count *= (size_t)json_integer_value(side);
        }
        all += count;
    }
    return all;
}

static size_t count_of(const i2v_memory_tensor *tensor) {
    size_t count = 1;
    for (int i = 0; i < tensor->ndim; i++) count *= (size_t)tensor->shape[i];
    return count;
}

small_unet small_unet_new(void) {
    json_t *names = json_load_file(I2V_TEST_DATA "/deep_cache.json", 0, NULL);
    assert_non_null(names);
    size_t count = json_object_size(names);
    small_unet unet = {.tensors = calloc(count, sizeof *unet.tensors), .names = names};
    int64_t *sides = calloc(5 * count, sizeof *sides);
    assert_true(unet.tensors && sides);
    unet.values = malloc(read_shapes(names, unet.tensors, sides) * sizeof(float));
    assert_non_null(unet.values);
    float *values = unet.values;
    for (size_t i = 0; i < count; i++) {
        fill(&unet.tensors[i], values, count_of(&unet.tensors[i]));
        unet.tensors[i].data = values;
        values += count_of(&unet.tensors[i]);
    }
    unet.given = (i2v_memory_part){CONFIG, unet.tensors, count};
    return unet;
}

void small_unet_free(small_unet *unet) {
    free((int64_t *)(uintptr_t)unet->tensors[0].shape);
    free(unet->tensors);
    free(unet->values);
    json_decref(unet->names);
    *unet = (small_unet){0};
}
