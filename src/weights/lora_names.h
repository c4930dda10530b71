/* What the tensors of LoRA files are called, and which layer of the model each is for. Internal to this layer. */
#ifndef I2V_WEIGHTS_LORA_NAMES_H
#define I2V_WEIGHTS_LORA_NAMES_H

#include "weights/name_map.h"
#include "weights/set.h"

typedef enum i2v_lora_role {
    I2V_LORA_DOWN,         /* [rank, in, ...] */
    I2V_LORA_UP,           /* [out, rank, ...] */
    I2V_LORA_ALPHA,        /* one value */
    I2V_LORA_TEXT_ENCODER, /* of a part that this pipeline does not have */
    I2V_LORA_NONE          /* nothing of a LoRA for a UNet */
} i2v_lora_role;

#define I2V_LORA_NAME_SIZE 512

/* The role of a tensor of that name. For the first three roles, layer becomes the name of the layer, without prefixes
 * and with "_" for each ".". */
i2v_lora_role i2v_lora_read_name(const char *name, char layer[I2V_LORA_NAME_SIZE]);

/* The kind of adapter that has a tensor of that name, such as "DoRA", if it is one that is not supported; else NULL. */
const char *i2v_lora_other_kind(const char *name);

/* 1 if programs that give a down matrix this name keep the alpha, too: kohya in .alpha, peft in adapter_config.json.
 * diffusers' pipelines do not keep an alpha that is the rank. */
int i2v_lora_needs_alpha(const char *down);

typedef struct i2v_lora_target {
    char *layer; /* as i2v_lora_read_name gives it */
    const i2v_weight *weight;
} i2v_lora_target;

/* The layers of a UNet, under their names in diffusers and under others, sorted. */
typedef struct i2v_lora_targets {
    i2v_lora_target *list;
    size_t count;
} i2v_lora_targets;

i2v_status i2v_lora_targets_make(i2v_lora_targets *targets, const i2v_weights *unet, const i2v_name_map *others,
                                 i2v_error *error);
void i2v_lora_targets_free(i2v_lora_targets *targets);
/* The layer's weight; NULL if the model has no such layer. */
const i2v_weight *i2v_lora_targets_find(const i2v_lora_targets *targets, const char *layer);

#endif
