/* The file names under which diffusers and transformers keep a part's weights, and how names of such files end. */
#include "base/weight_names.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

typedef struct form {
    const char *format; /* of the stem and the variant */
    int is_index;
} form;

/* Adds the names in these forms; returns how many there are then. */
static int add(i2v_weight_name *list, int count, const form *forms, int forms_count, const char *stem,
               const char *variant) {
    for (int i = 0; i < forms_count; i++, count++) {
        list[count].is_index = forms[i].is_index;
        snprintf(list[count].name, I2V_WEIGHT_NAME_SIZE, forms[i].format, stem, variant);
    }
    return count;
}

int i2v_weight_names(i2v_weight_name list[I2V_WEIGHT_NAMES_MAX], const char *stem, const char *variant) {
    static const form plain[] = {{"%s.safetensors", 0}, {"%s.safetensors.index.json", 1}},
                      varied[] = {{"%s.%s.safetensors", 0},
                                  {"%s.safetensors.index.%s.json", 1},
                                  {"%s.safetensors.%s.index.json", 1}},
                      pickled[] = {{"%s.bin", 0}, {"%s.bin.index.json", 1}},
                      pickled_varied[] = {{"%s.%s.bin", 0}, {"%s.bin.index.%s.json", 1}};
    const char *pickled_stem = strcmp(stem, "model") == 0 ? "pytorch_model" : stem;
    int count = variant ? 0 : add(list, 0, plain, 2, stem, NULL);
    count = add(list, count, varied, 3, stem, variant ? variant : "fp16");
    if (!variant) count = add(list, count, pickled, 2, pickled_stem, NULL);
    return add(list, count, pickled_varied, 2, pickled_stem, variant ? variant : "fp16");
}

int i2v_is_safetensors_name(const char *name) {
    return i2v_ends_with(name, ".safetensors");
}

int i2v_is_torch_name(const char *name) {
    return i2v_ends_with(name, ".bin") || i2v_ends_with(name, ".ckpt") || i2v_ends_with(name, ".pt") ||
           i2v_ends_with(name, ".pth");
}

int i2v_is_weights_name(const char *name) {
    return i2v_is_safetensors_name(name) || i2v_is_torch_name(name);
}

int i2v_is_weight_variant(const char *variant) {
    return variant[0] && i2v_path_name(variant) == variant && strlen(variant) <= 64;
}
