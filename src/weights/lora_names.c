/* Names in LoRA files, and the layers that they are of. */
#include "weights/lora_names.h"

#include "base/posix.h"
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

/* Parts of names, between dots, that tell peft's other methods and LyCORIS's modules. */
static const struct {
    const char *part;
    int whole; /* 1: all between two dots; 0: its beginning */
    const char *kind;
} kinds[] = {
    {"lora_mid", 1, "LoCon with a Tucker core"},
    {"scalar", 1, "LyCORIS with a learned scalar"},
    {"dora_scale", 1, "DoRA"},
    {"lora_magnitude_vector", 1, "DoRA"},
    {"lora_E", 1, "AdaLoRA"},
    {"ranknum", 1, "AdaLoRA"},
    {"lora_diag", 1, "KaSA"},
    {"lora_velora_embed", 1, "VeLoRA"},
    {"lora_monteclora_sampler", 1, "MonteCLoRA"},
    {"lora_embedding_A", 1, "LoRA for embeddings"},
    {"lora_embedding_B", 1, "LoRA for embeddings"},
    {"hada_", 0, "LoHa"},
    {"lokr_", 0, "LoKr"},
    {"oft_", 0, "OFT"},
    {"boft_", 0, "BOFT"},
    {"psoft_", 0, "PSOFT"},
    {"ia3_", 0, "IA3"},
    {"on_input", 1, "IA3"},
    {"glora_", 0, "GLoRA"},
    {"a1", 1, "GLoRA"},
    {"a2", 1, "GLoRA"},
    {"b1", 1, "GLoRA"},
    {"b2", 1, "GLoRA"},
    {"bm", 1, "GLoRA"},
    {"vera_", 0, "VeRA"},
    {"pvera_", 0, "PVeRA"},
    {"vblora_", 0, "VB-LoRA"},
    {"randlora_", 0, "RandLoRA"},
    {"gralora_", 0, "GraLoRA"},
    {"delora_", 0, "DeLoRA"},
    {"hira_", 0, "HiRA"},
    {"poly_", 0, "Poly"},
    {"hra_", 0, "HRA"},
    {"bone_", 0, "Bone"},
    {"miss_", 0, "MiSS"},
    {"shira_", 0, "SHiRA"},
    {"road_", 0, "RoAd"},
    {"c3a_", 0, "C3A"},
    {"fourierft_", 0, "FourierFT"},
    {"waveft_", 0, "WaveFT"},
    {"ln_tuning_", 0, "LN tuning"},
    {"w_norm", 1, "trained norms"},
    {"b_norm", 1, "trained norms"},
    {"diff", 1, "whole differences"},
    {"diff_b", 1, "whole differences"},
};

static const char *kind_of_part(const char *part, size_t length) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t wanted = strlen(kinds[i].part);
        if (kinds[i].whole ? length != wanted : length < wanted) continue;
        if (strncmp(part, kinds[i].part, wanted) == 0) return kinds[i].kind;
    }
    return NULL;
}

const char *i2v_lora_other_kind(const char *name) {
    if (i2v_ends_with(name, ".lora_B.bias") || i2v_ends_with(name, ".lora_up.bias")) return "LoRA with biases";
    /* parameters, where LoRA has modules with a weight */
    if (i2v_ends_with(name, ".lora_A") || i2v_ends_with(name, ".lora_B")) return "AdaLoRA";
    const char *kind = NULL;
    while (!kind && *name) {
        size_t length = strcspn(name, ".");
        kind = kind_of_part(name, length);
        name += length + (name[length] == '.');
    }
    return kind;
}

int i2v_lora_needs_alpha(const char *down) {
    if (i2v_ends_with(down, ".lora_down.weight")) return 1;
    return strstr(down, ".lora_A.") != NULL && !i2v_starts_with(down, "unet.");
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
        const i2v_renaming *renaming = &others->renamings[i];
        good = add_target(targets, renaming->file, i2v_weights_find(unet, renaming->name));
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
