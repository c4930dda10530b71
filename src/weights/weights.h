/* The tensors of one model part (unet, vae, image_encoder), read from its safetensors file or files. */
#ifndef I2V_WEIGHTS_WEIGHTS_H
#define I2V_WEIGHTS_WEIGHTS_H

#include "base/input_file.h"

#define I2V_WEIGHT_MAX_DIMS 8

typedef enum i2v_weight_dtype {
    I2V_WEIGHT_F32,
    I2V_WEIGHT_F16,
    I2V_WEIGHT_BF16,
    I2V_WEIGHT_E4M3, /* of one byte: F8_E4M3 and F8_E5M2 */
    I2V_WEIGHT_E5M2,
    I2V_WEIGHT_OTHER /* a dtype safetensors knows and no model of ours uses (I64 position ids) */
} i2v_weight_dtype;

/* One tensor in its file, little endian, C order, not necessarily aligned. */
typedef struct i2v_weight {
    const char *name;
    const char *origin; /* the name in the file, for messages: of a renamed tensor, another one */
    i2v_weight_dtype dtype;
    const char *dtype_name; /* as in the file, "F16"; static */
    int ndim;
    int64_t shape[I2V_WEIGHT_MAX_DIMS];
    uint64_t count; /* elements */
    uint64_t bytes;
    float scale;      /* of values of one byte: what they are multiplied with, in f32 */
    i2v_bytes at;     /* in the file, or in memory: the caller's, or a copy */
    const char *file; /* path, for messages */
} i2v_weight;

typedef struct i2v_weights i2v_weights;

/* 1 if the folder has weights of that very variant. */
int i2v_weights_have_variant(const char *folder, const char *stem, const char *variant);

/* Opens the weights in folder: STEM[.VARIANT].safetensors, or the shards that STEM.safetensors.index[.VARIANT].json
 * (or, older, STEM.safetensors.VARIANT.index.json) names in its weight_map, STEM being "diffusion_pytorch_model" or
 * "model". variant NULL: the plain files if there, else "fp16" ones. Headers are checked whole (sizes, offsets,
 * overlaps, dtypes, duplicate names). */
i2v_status i2v_weights_open(i2v_weights **weights, const char *folder, const char *stem, const char *variant,
                            i2v_error *error);
/* Opens one safetensors file, whatever its name. */
i2v_status i2v_weights_open_file(i2v_weights **weights, const char *path, i2v_error *error);
/* The caller's tensors, read where they lie at each use: their values must stay until the weights are closed. title
 * stands in messages where a file has its path. They are checked as a file's header is. */
i2v_status i2v_weights_open_memory(i2v_weights **weights, const char *title, const i2v_memory_tensor *tensors,
                                   size_t count, i2v_error *error);
/* Lets go of the weights: the last of those who hold them frees them. */
void i2v_weights_close(i2v_weights *weights);
/* Holds the weights once more; returns them. Not from several threads. */
i2v_weights *i2v_weights_hold(i2v_weights *weights);

/* The tensor of that name, NULL if there is none. Logarithmic time. */
const i2v_weight *i2v_weights_find(const i2v_weights *weights, const char *name);

/* 1 if a tensor's name begins with prefix. Logarithmic time. */
int i2v_weights_have(const i2v_weights *weights, const char *prefix);

/* What the file's __metadata__ says under key; NULL: nothing. Of shards, the first file's. */
const char *i2v_weights_metadata(const i2v_weights *weights, const char *key);

/* How the name that was asked for is written in the file; the name itself where nothing is renamed. */
const char *i2v_weights_name_in_file(const i2v_weights *weights, const char *name);

/* What may be wrong where names or shapes are not those wanted: "the weights do not fit the config.json beside them".
 * cause must outlive the weights. */
const char *i2v_weights_misfit(const i2v_weights *weights);
void i2v_weights_explain_misfit(i2v_weights *weights, const char *cause);

size_t i2v_weights_count(const i2v_weights *weights);
const i2v_weight *i2v_weights_at(const i2v_weights *weights, size_t index); /* sorted by name */

/* True of the caller's tensors, under whatever names. */
int i2v_weights_in_memory(const i2v_weights *weights);

/* Where the weights come from, for messages: the file, or the index of the shards. */
const char *i2v_weights_path(const i2v_weights *weights);
/* "F32", "F16", "BF16", "F8_E4M3" or "F8_E5M2" if all floating tensors are of that kind, else "mixed". */
const char *i2v_weights_dtype_name(const i2v_weights *weights);
uint64_t i2v_weights_parameters(const i2v_weights *weights); /* elements of floating tensors */
uint64_t i2v_weights_bytes(const i2v_weights *weights);

/* Values [first, first + count) of weight widened to f32, exactly, then scaled. Its dtype must not be OTHER (i2v_bind
 * sees to it), the range must be inside it. Any number of threads may read at the same time. 0, or -1 if the file
 * cannot be read, which i2v_bytes_fail explains. */
int i2v_weight_read_f32(const i2v_weight *weight, uint64_t first, uint64_t count, float *out);

#endif
