#include "weights/lora_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int ends_with(const char *text, const char *suffix) {
    size_t length = strlen(text), end = strlen(suffix);
    return length >= end && strcmp(text + length - end, suffix) == 0;
}

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
        if (starts_with(name, prefixes[i])) name += strlen(prefixes[i]);
    }
    return name;
}

i2v_lora_role i2v_lora_read_name(const char *name, char layer[I2V_LORA_NAME_SIZE]) {
    static const char *const text_encoders[] = {"lora_te_", "lora_te1_", "lora_te2_", "text_encoder.",
                                                "text_encoder_2."};
    static const char processor[] = ".processor.";
    for (size_t i = 0; i < sizeof text_encoders / sizeof *text_encoders; i++) {
        if (starts_with(name, text_encoders[i])) return I2V_LORA_TEXT_ENCODER;
    }
    size_t k = 0, count = sizeof ends / sizeof *ends;
    while (k < count && !ends_with(name, ends[k].end)) k++;
    const char *from = skip_prefixes(name), *end = name + strlen(name) - (k < count ? strlen(ends[k].end) : 0);
    /* room for what is appended below */
    if (k == count || from >= end || end - from > I2V_LORA_NAME_SIZE - 8) return I2V_LORA_NONE;
    char *to = layer;
    while (from < end) {
        if (starts_with(from, processor)) from += sizeof processor - 2;
        *to++ = *from == '.' ? '_' : *from;
        from++;
    }
    *to = '\0';
    /* diffusers' attention processors: to_out_lora is for to_out.0 */
    if (starts_with(ends[k].end, "_lora.") && ends_with(layer, "_to_out")) strcpy(to, "_0");
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

/* ---- Stability's names ---- */

/* Ends of names in diffusers and in Stability's files. */
static const char *const renamed_ends[][2] = {
    {"spatial_res_block.conv1", "in_layers.2"},
    {"spatial_res_block.time_emb_proj", "emb_layers.1"},
    {"spatial_res_block.conv2", "out_layers.3"},
    {"spatial_res_block.conv_shortcut", "skip_connection"},
    {"temporal_res_block.conv1", "time_stack.in_layers.2"},
    {"temporal_res_block.time_emb_proj", "time_stack.emb_layers.1"},
    {"temporal_res_block.conv2", "time_stack.out_layers.3"},
    {"time_pos_embed.linear_1", "time_pos_embed.0"},
    {"time_pos_embed.linear_2", "time_pos_embed.2"},
};

static const char *const renamed[][2] = {
    {"conv_in", "input_blocks.0.0"},
    {"conv_out", "out.2"},
    {"time_embedding.linear_1", "time_embed.0"},
    {"time_embedding.linear_2", "time_embed.2"},
    {"add_embedding.linear_1", "label_emb.0.0"},
    {"add_embedding.linear_2", "label_emb.0.2"},
};

static int has_resnet(const i2v_weights *unet, const char *kind, int block, int index) {
    char name[96];
    snprintf(name, sizeof name, "%s.%d.resnets.%d.spatial_res_block.conv1.weight", kind, block, index);
    return i2v_weights_find(unet, name) != NULL;
}

static int count_resnets(const i2v_weights *unet, const char *kind, int block) {
    int count = 0;
    while (has_resnet(unet, kind, block, count)) count++;
    return count;
}

/* Which input or output block of Stability's resnet 0 of a down or up block is. */
static int first_block(const i2v_weights *unet, int down, int block) {
    int first = down; /* conv_in is input block 0 */
    /* a downsampler is an input block of its own, an upsampler is the last thing of an output block */
    for (int i = 0; i < block; i++) first += count_resnets(unet, down ? "down_blocks" : "up_blocks", i) + down;
    return first;
}

/* The part of a name after its block, as Stability has it. */
static void rename_rest(const char *rest, char *out, size_t size) {
    static const char temporal[] = "temporal_transformer_blocks.";
    for (size_t i = 0; i < sizeof renamed_ends / sizeof *renamed_ends; i++) {
        if (strcmp(rest, renamed_ends[i][0]) == 0) rest = renamed_ends[i][1];
    }
    int in_time = starts_with(rest, temporal);
    snprintf(out, size, "%s%s", in_time ? "time_stack." : "", in_time ? rest + sizeof temporal - 1 : rest);
}

/* Layer `name` of diffusers as Stability's files call it; 0 if it has no other name there. */
static int stability_name(const i2v_weights *unet, const char *name, char *out, size_t size) {
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++) {
        if (strcmp(name, renamed[i][0]) == 0) return snprintf(out, size, "%s", renamed[i][1]) > 0;
    }
    int block = 0, index = 0, used = 0, down = starts_with(name, "down_blocks.");
    char kind[24] = "", rest[I2V_LORA_NAME_SIZE];
    if (sscanf(name, "mid_block.%23[a-z].%d.%n", kind, &index, &used) == 2 && used && index >= 0 && index <= 1) {
        rename_rest(name + used, rest, sizeof rest);
        return snprintf(out, size, "middle_block.%d.%s", strcmp(kind, "resnets") == 0 ? 2 * index : 1, rest) > 0;
    }
    if (sscanf(name, down ? "down_blocks.%d.%23[a-z].%d.%n" : "up_blocks.%d.%23[a-z].%d.%n", &block, kind, &index,
               &used) != 3 ||
        !used || block < 0 || index < 0 || block > 99 || index > 99) {
        return 0;
    }
    int first = first_block(unet, down, block);
    if (strcmp(kind, "downsamplers") == 0) {
        return snprintf(out, size, "input_blocks.%d.0.op", first + count_resnets(unet, "down_blocks", block)) > 0;
    }
    if (strcmp(kind, "upsamplers") == 0) {
        char attention[96];
        snprintf(attention, sizeof attention, "up_blocks.%d.attentions.0.proj_in.weight", block);
        return snprintf(out, size, "output_blocks.%d.%d.conv", first + count_resnets(unet, "up_blocks", block) - 1,
                        i2v_weights_find(unet, attention) ? 2 : 1) > 0;
    }
    rename_rest(name + used, rest, sizeof rest);
    return snprintf(out, size, "%s.%d.%d.%s", down ? "input_blocks" : "output_blocks", first + index,
                    strcmp(kind, "attentions") == 0, rest) > 0;
}

/* ---- targets ---- */

static int compare_targets(const void *a, const void *b) {
    return strcmp(((const i2v_lora_target *)a)->layer, ((const i2v_lora_target *)b)->layer);
}

/* 0 without memory. */
static int add_target(i2v_lora_targets *targets, const char *name, const i2v_weight *weight) {
    char *layer = strdup(name);
    if (!layer) return 0;
    for (char *c = layer; *c; c++) {
        if (*c == '.') *c = '_';
    }
    targets->list[targets->count++] = (i2v_lora_target){layer, weight};
    return 1;
}

i2v_status i2v_lora_targets_make(i2v_lora_targets *targets, const i2v_weights *unet, i2v_error *error) {
    static const char end[] = ".weight";
    size_t count = i2v_weights_count(unet), bytes = 2 * count * sizeof *targets->list;
    *targets = (i2v_lora_targets){.list = malloc(bytes)};
    int good = targets->list != NULL;
    for (size_t i = 0; good && i < count; i++) {
        const i2v_weight *weight = i2v_weights_at(unet, i);
        char name[I2V_LORA_NAME_SIZE], other[2 * I2V_LORA_NAME_SIZE];
        if (!ends_with(weight->name, end) || strlen(weight->name) >= sizeof name) continue;
        snprintf(name, sizeof name, "%.*s", (int)(strlen(weight->name) - strlen(end)), weight->name);
        good = add_target(targets, name, weight);
        if (good && stability_name(unet, name, other, sizeof other)) good = add_target(targets, other, weight);
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
