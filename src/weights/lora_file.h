/* Which file a LoRA's path means. Internal to this layer. */
#ifndef I2V_WEIGHTS_LORA_FILE_H
#define I2V_WEIGHTS_LORA_FILE_H

#include "base/error.h"

/* *file (to be freed) is path itself, or, of a folder, the LoRA in it: peft's adapter_model.safetensors, diffusers'
 * pytorch_lora_weights.safetensors, else its only safetensors file; of a folder without any, the same of .bin, or its
 * only file of PyTorch's. A folder with several or none is an error that names what is in it. */
i2v_status i2v_lora_find_file(char **file, const char *path, i2v_error *error);

/* 1 if no other file of its format is in the folder of path. */
int i2v_lora_is_alone(const char *path);

#endif
