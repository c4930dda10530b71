/* LoRA files: low-rank changes of a model's weights, each W + scale * strength * up x down (Hu et al. 2021,
 * "LoRA: Low-Rank Adaptation of Large Language Models"), added to weights while they are loaded. */
#ifndef I2V_WEIGHTS_LORA_H
#define I2V_WEIGHTS_LORA_H

#include "base/parallel.h"
#include "base/sha256.h"
#include "weights/name_map.h"
#include "weights/set.h"

/* NULL is an empty set in every function. */
typedef struct i2v_lora_set i2v_lora_set;

/* Opens LoRA files, given by their paths or by those of their folders. unet must outlive the set. others has more names
 * that the UNet's layers have in such files; it is used during the call alone.
 *
 * Each tensor of a file must belong to a layer of the UNet and fit its shape, or belong to a text encoder. The strength
 * of a layer is its .alpha over the rank; without one, what peft's configuration says; without that, 1. On failure *set
 * is NULL. */
i2v_status i2v_lora_open(i2v_lora_set **set, const i2v_lora *files, size_t count, const i2v_weights *unet,
                         const i2v_name_map *others, i2v_error *error);
void i2v_lora_close(i2v_lora_set *set);

/* Adds the files' tensors to the hash, as i2v_weights_fingerprint does; their scales are not part of it. */
i2v_status i2v_lora_fingerprint(const i2v_lora_set *set, i2v_sha256 *hash, i2v_error *error);

/* Adds how strongly each of their layers changes its weight. */
void i2v_lora_hash_strengths(const i2v_lora_set *set, i2v_sha256 *hash);

/* What a person should know of the files: *count sentences, which live as long as the set. NULL if there are none. */
const char *const *i2v_lora_warnings(const i2v_lora_set *set, size_t *count);

/* 1 if the set changes the weight of that name. */
int i2v_lora_changes(const i2v_lora_set *set, const char *name);

/* The memory that i2v_lora_add takes while it runs, in bytes. */
uint64_t i2v_lora_memory(const i2v_lora_set *set, const char *name);

/* Adds the changes of all files to the values of the weight of that name, in the order of the files and in f32. */
i2v_status i2v_lora_add(const i2v_lora_set *set, const char *name, float *values, i2v_team *team, i2v_error *error);

#define I2V_LORA_NAMES_SIZE 512

/* The files that change a weight, for a message: "a.safetensors at 1e+06, b.safetensors at 1", the one whose changes
 * have the largest values, estimated, first, for which all are read; as many as fit. "" if none does. */
void i2v_lora_names(const i2v_lora_set *set, char *text, size_t size);

#endif
