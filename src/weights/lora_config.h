/* peft's LoraConfig of a LoRA file: how strong each layer's change is. Internal to this layer. */
#ifndef I2V_WEIGHTS_LORA_CONFIG_H
#define I2V_WEIGHTS_LORA_CONFIG_H

#include "weights/tensor_file.h"
#include "json/read.h"

typedef struct i2v_lora_config {
    json_t *root; /* NULL: the file has none */
    char *path;   /* of the file that it is in */
} i2v_lora_config;

/* What diffusers keeps as lora_adapter_metadata in the file's header, or peft in adapter_config.json beside an
 * adapter_model.safetensors. Everything that is used later is checked. */
i2v_status i2v_lora_config_open(i2v_lora_config *config, const i2v_tensor_file *file, i2v_error *error);
void i2v_lora_config_close(i2v_lora_config *config);

/* The value of a field; NULL: it is not there. */
const json_t *i2v_lora_config_value(const i2v_lora_config *config, const char *field);

/* The field that a key of the configuration is, without a pipeline's "unet."; NULL: that of another part. */
const char *i2v_lora_config_field(const char *key);

/* What up x down of layer (its name in diffusers) is multiplied with: lora_alpha, or what alpha_pattern has for the
 * layer, over the rank, or with use_rslora over its square root. 0, and *strength as it was, where nothing is said. */
int i2v_lora_config_strength(const i2v_lora_config *config, const char *layer, int64_t rank, double *strength);

#endif
