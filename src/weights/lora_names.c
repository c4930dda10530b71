#include "weights/lora_names.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- names in LoRA files ---- */

/* The ends of kohya's names, of peft's, and of what diffusers wrote before it used peft. */
static const struct {
    const char *end;
    i2v_lora_role role;
} ends[] = {
    {".lora_down.weight", I2V_LORA_DOWN},
    {".lora_up.weight", I2V_LORA_UP},
    {".lora_A.weight", I2V_LORA_DOWN},
    {".lora_B.weight", I2V_LORA_UP},
    {".lora_A.default.weight", I2V_LORA_DOWN},
    {".lora_B.default.weight", I2V_LORA_UP},
    {".lora.down.weight", I2V_LORA_DOWN},
    {".lora.up.weight", I2V_LORA_UP},
    {".lora_linear_layer.down.weight", I2V_LORA_DOWN},
    {".lora_linear_layer.up.weight", I2V_LORA_UP},
    {"_lora.down.weight", I2V_LORA_DOWN},
    {"_lora.up.weight", I2V_LORA_UP},
    {"_lora.alpha", I2V_LORA_ALPHA},
    {".lora.alpha", I2V_LORA_ALPHA},
    {".alpha", I2V_LORA_ALPHA},
};

static const char *skip_prefixes(const char *name) {
    static const char *const prefixes[] = {"base_model.model.", "unet.", "lora_unet_", "model.diffusion_model.",
                                           "diffusion_model."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (i2v_starts_with(name, prefixes[i])) name += strlen(prefixes[i]);
    }
    return name;
}

i2v_lora_role i2v_lora_read_name(const char *name, char layer[I2V_LORA_NAME_SIZE]) {
    static const char *const text_encoders[] = {"lora_te_", "lora_te1_", "lora_te2_", "text_encoder.",
                                                "text_encoder_2."};
    static const char processor[] = ".processor.";
    for (size_t i = 0; i < sizeof text_encoders / sizeof *text_encoders; i++) {
        if (i2v_starts_with(name, text_encoders[i])) return I2V_LORA_TEXT_ENCODER;
    }
    size_t k = 0, count = sizeof ends / sizeof *ends;
    while (k < count && !i2v_ends_with(name, ends[k].end)) k++;
    const char *from = skip_prefixes(name), *end = name + strlen(name) - (k < count ? strlen(ends[k].end) : 0);
    /* room for what is appended below */
    if (k == count || from >= end || end - from > I2V_LORA_NAME_SIZE - 8) return I2V_LORA_NONE;
    char *to = layer;
    while (from < end) {
        if (i2v_starts_with(from, processor)) from += sizeof processor - 2;
        *to++ = *from == '.' ? '_' : *from;
        from++;
    }
    *to = '\0';
    /* diffusers' attention processors: to_out_lora is for to_out.0 */
    if (i2v_starts_with(ends[k].end, "_lora.") && i2v_ends_with(layer, "_to_out")) strcpy(to, "_0");
    return ends[k].role;
}

const char *i2v_lora_other_kind(const char *name) {
    static const char *const kinds[][2] = {{"lora_mid", "LoCon with a Tucker core"},
                                           {"dora_scale", "DoRA"},
                                           {"lora_magnitude_vector", "DoRA"},
                                           {"hada_", "LoHa"},
                                           {"lokr_", "LoKr"},
                                           {"oft_", "OFT"},
                                           {"lora_B.bias", "LoRA with biases"},
                                           {".diff", "whole differences"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strstr(name, kinds[i][0])) return kinds[i][1];
    }
    return NULL;
}

/* ---- targets ---- */

static int compare_targets(const void *a, const void *b) {
    return strcmp(((const i2v_lora_target *)a)->layer, ((const i2v_lora_target *)b)->layer);
}

/* The layer whose weight is called `name`; 0 without memory. */
static int add_target(i2v_lora_targets *targets, const char *name, const i2v_weight *weight) {
    static const char end[] = ".weight";
    if (!weight || !i2v_ends_with(name, end)) return 1;
    char *layer = strndup(name, strlen(name) - strlen(end));
    if (!layer) return 0;
    for (char *c = layer; *c; c++) {
        if (*c == '.') *c = '_';
    }
    targets->list[targets->count++] = (i2v_lora_target){layer, weight};
    return 1;
}

i2v_status i2v_lora_targets_make(i2v_lora_targets *targets, const i2v_weights *unet, const i2v_name_map *others,
                                 i2v_error *error) {
    size_t count = i2v_weights_count(unet), bytes = (count + others->count) * sizeof *targets->list;
    *targets = (i2v_lora_targets){.list = malloc(bytes)};
    int good = targets->list != NULL;
    for (size_t i = 0; good && i < count; i++) {
        const i2v_weight *weight = i2v_weights_at(unet, i);
        good = add_target(targets, weight->name, weight);
    }
    for (size_t i = 0; good && i < others->count; i++) {
        const i2v_name_pair *pair = &others->pairs[i];
        good = add_target(targets, pair->file, i2v_weights_find(unet, pair->name));
    }
    if (!good) {
        i2v_lora_targets_free(targets);
        return i2v_fail_memory(error, "the names of the model's layers", bytes);
    }
    qsort(targets->list, targets->count, sizeof *targets->list, compare_targets);
    return I2V_OK;
}

void i2v_lora_targets_free(i2v_lora_targets *targets) {
    for (size_t i = 0; i < targets->count; i++) free(targets->list[i].layer);
    free(targets->list);
    *targets = (i2v_lora_targets){0};
}

const i2v_weight *i2v_lora_targets_find(const i2v_lora_targets *targets, const char *layer) {
    i2v_lora_target key = {.layer = (char *)(uintptr_t)layer};
    const i2v_lora_target *found = bsearch(&key, targets->list, targets->count, sizeof *targets->list, compare_targets);
    return found ? found->weight : NULL;
}
