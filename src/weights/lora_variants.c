/* Fields and values are those of peft 0.21's LoraConfig.
 *
 * Fields that only change the training pass. init_lora_weights "eva", "orthogonal", "gaussian" and "mica" begin with
 * the model as it is. Dropout, fan_in_fan_out (which peft drops for linear layers), VeLoRA's backward pass, Megatron's
 * layers and the choice of layers change no weight. Trained biases and whole modules are tensors of the file:
 * lora_open.c refuses them. */
#include "weights/lora_variants.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN 80 /* characters of a value */

/* A value as it stands in JSON, cut. */
static const char *text_of(const json_t *value, char text[SHOWN]) {
    char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    snprintf(text, SHOWN, "%s", whole ? whole : "set");
    if (whole && strlen(whole) >= SHOWN) strcpy(text + SHOWN - 4, "...");
    free(whole);
    return text;
}

static int is_set(const json_t *value) {
    if (!value || json_is_null(value) || json_is_false(value)) return 0;
    return !(json_is_array(value) && json_array_size(value) == 0) &&
           !(json_is_object(value) && json_object_size(value) == 0);
}

/* ---- how training began ---- */

/* Some kinds begin with W - scaling * B x A, and then train A and B. The file lacks that change of W. When peft loads
 * such a file, it makes the change anew from W. That works for pissa and olora. It does not for the others: corda and
 * lora_ga need the data of the training, pissa_niter_N its random numbers, and loftq's weights are quantized. */
static i2v_status check_init(const i2v_lora_config *config, i2v_error *error) {
    static const char *const harmless[] = {"gaussian", "eva", "orthogonal", "mica"};
    static const struct {
        const char *name;
        int made_anew; /* by peft, when it loads the file */
    } convertible[] = {{"pissa_niter_", 0}, {"pissa", 1}, {"olora", 1}, {"corda", 0}, {"lora_ga", 0}};
    const json_t *value = i2v_lora_config_value(config, "init_lora_weights");
    if (!value || json_is_boolean(value) || json_is_null(value)) return I2V_OK;
    const char *name = json_string_value(value);
    char text[SHOWN];
    text_of(value, text);
    for (size_t i = 0; name && i < sizeof harmless / sizeof *harmless; i++) {
        if (strcasecmp(name, harmless[i]) == 0) return I2V_OK;
    }
    for (size_t i = 0; name && i < sizeof convertible / sizeof *convertible; i++) {
        if (strncasecmp(name, convertible[i].name, strlen(convertible[i].name)) != 0) continue;
        return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                        "%s: init_lora_weights is %s: its training began by changing the model's weights, and the file "
                        "lacks that change; save it in peft with path_initial_model_for_weight_conversion, or merge it "
                        "%s (merge_and_unload) and give the UNet as " I2V_NAME("unet"),
                        config->path, text, convertible[i].made_anew ? "there" : "there before it is saved");
    }
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s: init_lora_weights is %s, and the weights that its training began with may not be the model's; "
                    "merge it in peft where it was trained (merge_and_unload), and give the UNet as " I2V_NAME("unet"),
                    config->path, text);
}

/* ---- kinds and variants ---- */

static i2v_status fail_variant(const i2v_lora_config *config, const char *field, const json_t *value,
                               i2v_error *error) {
    char text[SHOWN];
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s: %.60s is %s, and plain LoRA alone is supported; merge it in peft (merge_and_unload), and give "
                    "the UNet as " I2V_NAME("unet"),
                    config->path, field, text_of(value, text));
}

/* peft switches a variant on by use_NAME, or by NAME_config if it has parameters. Unknown ones are refused, too. */
static int is_variant(const char *field) {
    static const char *const harmless[] = {"use_rslora",     "eva_config",    "corda_config",    "loftq_config",
                                           "lora_ga_config", "velora_config", "megatron_config", "runtime_config"};
    static const char *const others[] = {"layer_replication", "alora_invocation_tokens", "lora_bias",
                                         "trainable_token_indices"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        if (strcmp(field, harmless[i]) == 0) return 0;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(field, others[i]) == 0) return 1;
    }
    return i2v_starts_with(field, "use_") || i2v_ends_with(field, "_config");
}

i2v_status i2v_lora_variants_check(const i2v_lora_config *config, i2v_error *error) {
    const json_t *type = i2v_lora_config_value(config, "peft_type");
    if (type && !json_is_null(type) && (!json_is_string(type) || strcasecmp(json_string_value(type), "LORA") != 0))
        return fail_variant(config, "peft_type", type, error);
    const char *key;
    json_t *value;
    json_object_foreach(config->root, key, value) {
        const char *field = i2v_lora_config_field(key);
        if (field && is_variant(field) && is_set(value)) return fail_variant(config, field, value, error);
    }
    return check_init(config, error);
}
