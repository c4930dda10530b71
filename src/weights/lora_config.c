/* peft's configuration of a LoRA file: the strength of each layer. */
#include "weights/lora_config.h"

#include "base/file.h"
#include "base/text.h"
#include "weights/lora_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((size_t)16 << 20)

/* A pipeline's file has the UNet's keys with a prefix. */
static const char unet[] = "unet.";

const json_t *i2v_lora_config_value(const i2v_lora_config *config, const char *field) {
    char prefixed[64];
    snprintf(prefixed, sizeof prefixed, "%s%s", unet, field);
    const json_t *value = json_object_get(config->root, prefixed);
    return value ? value : json_object_get(config->root, field);
}

const char *i2v_lora_config_field(const char *key) {
    if (i2v_starts_with(key, unet)) return key + strlen(unet);
    return strchr(key, '.') ? NULL : key;
}

static i2v_status check_number(const i2v_lora_config *config, const char *key, const json_t *value, i2v_error *error) {
    if (json_is_number(value) && isfinite(json_number_value(value))) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_MODEL, "%s: %.100s of the LoRA's configuration is %s, expected a number",
                    config->path, key, json_is_number(value) ? "too large" : i2v_json_type_name(value));
}

/* peft reads the keys of alpha_pattern as regular expressions. Programs write plain names, which are read here. */
static i2v_status check_pattern(const i2v_lora_config *config, const char *key, i2v_error *error) {
    if (!i2v_has_control_characters(key) && !strpbrk(key, "*+?[](){}|\\$")) return I2V_OK;
    return i2v_fail(
        error, I2V_ERROR_UNSUPPORTED,
        "%s: alpha_pattern of the LoRA's configuration has a regular expression, which is not supported; "
        "name the layers one by one, or merge it in peft (merge_and_unload) and give the UNet as " I2V_NAME("unet"),
        config->path);
}

static i2v_status check(const i2v_lora_config *config, i2v_error *error) {
    const json_t *alpha = i2v_lora_config_value(config, "lora_alpha"),
                 *patterns = i2v_lora_config_value(config, "alpha_pattern");
    i2v_status status = alpha ? check_number(config, "lora_alpha", alpha, error) : I2V_OK;
    if (!status && patterns && !json_is_object(patterns) && !json_is_null(patterns)) {
        status =
            i2v_fail(error, I2V_ERROR_MODEL, "%s: alpha_pattern of the LoRA's configuration is %s, expected an object",
                     config->path, i2v_json_type_name(patterns));
    }
    const json_t *rslora = i2v_lora_config_value(config, "use_rslora");
    if (!status && rslora && !json_is_boolean(rslora) && !json_is_null(rslora)) {
        status =
            i2v_fail(error, I2V_ERROR_MODEL, "%s: use_rslora of the LoRA's configuration is %s, expected true or false",
                     config->path, i2v_json_type_name(rslora));
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)patterns, key, value) {
        if (!status) status = check_pattern(config, key, error);
        if (!status) status = check_number(config, key, value, error);
    }
    return status;
}

/* The path of adapter_config.json beside the file. It belongs to an adapter_model.safetensors or adapter_model.bin; to
 * a file of another name only if that is alone in its folder. NULL if there is none. */
static char *config_beside(const char *path) {
    static const char beside[] = "adapter_config.json";
    const char *base = i2v_path_name(path);
    int is_saved = strcmp(base, "adapter_model.safetensors") == 0 || strcmp(base, "adapter_model.bin") == 0;
    if (!is_saved && !i2v_lora_is_alone(path)) return NULL;
    char *config;
    if (asprintf(&config, "%.*s%s", (int)(base - path), path, beside) < 0) return NULL;
    if (i2v_is_file(config)) return config;
    free(config);
    return NULL;
}

i2v_status i2v_lora_config_open(i2v_lora_config *config, const i2v_tensor_file *file, i2v_error *error) {
    *config = (i2v_lora_config){0};
    const char *text = json_string_value(json_object_get(file->metadata, "lora_adapter_metadata"));
    char *beside = text ? NULL : config_beside(file->path);
    if (!text && !beside) return I2V_OK;
    config->path = beside ? beside : strdup(file->path);
    if (!config->path) return i2v_fail_memory(error, file->path, 0);
    i2v_status status =
        text ? i2v_json_parse(&config->root, text, strlen(text), JSON_REJECT_DUPLICATES, file->path, error)
             : i2v_json_read(&config->root, beside, LIMIT, JSON_REJECT_DUPLICATES, error);
    if (!status) status = check(config, error);
    if (status) i2v_lora_config_close(config);
    return status;
}

void i2v_lora_config_close(i2v_lora_config *config) {
    json_decref(config->root);
    free(config->path);
    *config = (i2v_lora_config){0};
}

/* peft's rule: the key is the name of the layer, or the end of the name after a dot; with "^" before it, the name. */
static int fits(const char *key, const char *layer) {
    if (*key == '^') return strcmp(key + 1, layer) == 0;
    size_t length = strlen(layer), end = strlen(key);
    if (length < end || strcmp(layer + length - end, key) != 0) return 0;
    return length == end || layer[length - end - 1] == '.';
}

int i2v_lora_config_strength(const i2v_lora_config *config, const char *layer, int64_t rank, double *strength) {
    const json_t *alpha = i2v_lora_config_value(config, "lora_alpha");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)i2v_lora_config_value(config, "alpha_pattern"), key, value) {
        if (!fits(key, layer)) continue;
        alpha = value;
        break;
    }
    if (!alpha) return 0;
    double divisor = json_is_true(i2v_lora_config_value(config, "use_rslora")) ? sqrt((double)rank) : (double)rank;
    *strength = json_number_value(alpha) / divisor;
    return 1;
}
