/* The file names under which diffusers and transformers keep a part's weights, and how names of such files end. */
#ifndef I2V_BASE_WEIGHT_NAMES_H
#define I2V_BASE_WEIGHT_NAMES_H

#define I2V_WEIGHT_NAME_SIZE 256
#define I2V_WEIGHT_NAMES_MAX 9

typedef struct i2v_weight_name {
    char name[I2V_WEIGHT_NAME_SIZE];
    int is_index; /* of shards, which it names */
} i2v_weight_name;

/* The names under which weights may be, best first; returns how many. stem is "diffusion_pytorch_model" or "model".
 * variant NULL: the plain files, else fp16 ones. A variant's index is STEM.safetensors.index.VARIANT.json by diffusers
 * and transformers (_add_variant); diffusers also reads the older STEM.safetensors.VARIANT.index.json. PyTorch's own
 * files come last: diffusion_pytorch_model.bin, and pytorch_model.bin beside transformers' model.safetensors. */
int i2v_weight_names(i2v_weight_name list[I2V_WEIGHT_NAMES_MAX], const char *stem, const char *variant);

/* The endings of files of weights that are read, for messages: "a .safetensors, ... file". */
#define I2V_WEIGHT_ENDINGS ".safetensors, .ckpt, .pt, .pth or .bin"

/* True if the name ends in .safetensors. */
int i2v_is_safetensors_name(const char *name);
/* True if the name ends as those of files that PyTorch writes: .bin, .ckpt, .pt or .pth. */
int i2v_is_torch_name(const char *name);
/* True for either: a file of weights that can be read. */
int i2v_is_weights_name(const char *name);

/* True if variant is fit for a part of a file name. */
int i2v_is_weight_variant(const char *variant);

#endif
