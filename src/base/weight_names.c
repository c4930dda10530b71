/* The file names under which diffusers and transformers keep a part's weights. */
#include "base/weight_names.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

int i2v_weight_names(i2v_weight_name list[I2V_WEIGHT_NAMES_MAX], const char *stem, const char *variant) {
    int count = 0;
    if (!variant) {
        snprintf(list[count].name, I2V_WEIGHT_NAME_SIZE, "%s.safetensors", stem);
        list[count++].is_index = 0;
        snprintf(list[count].name, I2V_WEIGHT_NAME_SIZE, "%s.safetensors.index.json", stem);
        list[count++].is_index = 1;
        variant = "fp16";
    }
    snprintf(list[count].name, I2V_WEIGHT_NAME_SIZE, "%s.%s.safetensors", stem, variant);
    list[count++].is_index = 0;
    snprintf(list[count].name, I2V_WEIGHT_NAME_SIZE, "%s.safetensors.index.%s.json", stem, variant);
    list[count++].is_index = 1;
    snprintf(list[count].name, I2V_WEIGHT_NAME_SIZE, "%s.safetensors.%s.index.json", stem, variant);
    list[count++].is_index = 1;
    return count;
}

int i2v_is_weight_variant(const char *variant) {
    return variant[0] && i2v_path_name(variant) == variant && strlen(variant) <= 64;
}
