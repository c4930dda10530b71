/* The tensors of one model part (unet, vae, image_encoder), found by name. */
#ifndef I2V_WEIGHTS_SET_H
#define I2V_WEIGHTS_SET_H

#include "weights/weight.h"

typedef struct i2v_weights i2v_weights;

/* Gives up one hold of the weights. The last one frees them. */
void i2v_weights_close(i2v_weights *weights);
/* Holds the weights once more, and returns them. Not to be called from several threads at a time. */
i2v_weights *i2v_weights_hold(i2v_weights *weights);

/* The tensor of that name, NULL if there is none. Logarithmic time. */
const i2v_weight *i2v_weights_find(const i2v_weights *weights, const char *name);

/* 1 if a tensor's name begins with prefix. Logarithmic time. */
int i2v_weights_have(const i2v_weights *weights, const char *prefix);

/* The value of key in the __metadata__ of the file, or of the first shard; NULL if there is none. */
const char *i2v_weights_metadata(const i2v_weights *weights, const char *key);

/* The name in the file of the tensor that is asked for as `name`; `name` itself if it was not renamed. */
const char *i2v_weights_name_in_file(const i2v_weights *weights, const char *name);

/* The cause that messages about a wrong name or shape give: "the weights do not fit the config.json beside them".
 * i2v_weights_explain_misfit sets another one, which must outlive the weights. */
const char *i2v_weights_misfit(const i2v_weights *weights);
void i2v_weights_explain_misfit(i2v_weights *weights, const char *cause);

size_t i2v_weights_count(const i2v_weights *weights);
const i2v_weight *i2v_weights_at(const i2v_weights *weights, size_t index); /* sorted by name */

/* 1 if the tensors are in the caller's memory, renamed or not. */
int i2v_weights_in_memory(const i2v_weights *weights);

/* Where the weights come from, for messages: the file, or the index of the shards. */
const char *i2v_weights_path(const i2v_weights *weights);
/* "F32", "F16", "BF16", "F8_E4M3" or "F8_E5M2" if all floating tensors are of that kind, else "mixed". */
const char *i2v_weights_dtype_name(const i2v_weights *weights);
uint64_t i2v_weights_parameters(const i2v_weights *weights); /* elements of floating tensors */
uint64_t i2v_weights_bytes(const i2v_weights *weights);

/* The weights that these ones are renamed of; themselves if they are not renamed. */
const i2v_weights *i2v_weights_origin(const i2v_weights *weights);
/* Bytes of values that do not lie in order in their files, and are held in order in memory; not of renamed weights. */
uint64_t i2v_weights_copied(const i2v_weights *weights);

#endif
