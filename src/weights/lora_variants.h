/* What makes an adapter of peft more than a LoRA, by its configuration. Internal to this layer. */
#ifndef I2V_WEIGHTS_LORA_VARIANTS_H
#define I2V_WEIGHTS_LORA_VARIANTS_H

#include "weights/lora_config.h"

/* Refuses adapters that are not the model's weights plus a product of two matrices: other kinds, variants of LoRA, and
 * those whose training began by changing the model's weights. The message has the field's name and value. */
i2v_status i2v_lora_variants_check(const i2v_lora_config *config, i2v_error *error);

#endif
