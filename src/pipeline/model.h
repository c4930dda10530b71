/* An opened model: configurations, opened weights and loaded parts. Several engines share it, from several threads:
 * once it is opened nothing in it changes but its count of holders and, under their own lock, the loaded parts. */
#ifndef I2V_PIPELINE_MODEL_H
#define I2V_PIPELINE_MODEL_H

#include "base/part_kinds.h"
#include "model/config.h"
#include "model/tiny_decoder.h"
#include "pipeline/kept.h"
#include "pipeline/scheduler.h"
#include "tensor/ops.h"
#include "weights/lora.h"
#include "weights/set.h"

struct i2v_model {
    atomic_int holders; /* its opener, and its engines */
    char *path;
    const i2v_backend *backend;
    i2v_dtype dtype;     /* F32, BF16 or INT8 */
    i2v_element element; /* of activations in the UNet and the VAE decoder */
    int keeps_loaded;    /* options.keep_loaded */

    i2v_unet_config unet;
    i2v_vae_config vae;     /* of the encoder */
    i2v_vae_config decoder; /* of the VAE's own decoder, or of the frame decoder in its place */
    i2v_tiny_config tiny;   /* of the tiny decoder, which comes before it; no channels: there is none */
    char *tiny_path;        /* as i2v_model_info has it */
    i2v_clip_config clip;
    i2v_normalization normalization;
    i2v_scheduler_config scheduler;
    i2v_weights *weights[I2V_PARTS_COUNT]; /* NULL: of a frame decoder or tiny decoder that is not given */
    i2v_lora_set *lora;                    /* of the UNet's weights; NULL: none */
    char sizes[I2V_PARTS_COUNT][256];      /* for i2v_get_model_info */
    i2v_kept *kept;
};

/* Holds the model once more, until i2v_model_close. */
void i2v_model_hold(i2v_model *model);

/* The part that works in a stage, and its weights. */
i2v_part i2v_model_part(const i2v_model *model, i2v_stage_kind kind);
const i2v_weights *i2v_model_weights(const i2v_model *model, i2v_stage_kind kind);

/* For a person: "UNet". */
const char *i2v_stage_name(const i2v_model *model, i2v_stage_kind kind);

/* Bytes that the opened weights hold in memory (i2v_weights_copied). */
uint64_t i2v_model_copied(const i2v_model *model);

/* Pixels per latent on a side. */
int i2v_model_vae_scale_factor(const i2v_model *model);
/* What width and height must be multiples of. */
int i2v_model_size_step(const i2v_model *model);
/* Size of a video where none is asked for. */
void i2v_model_default_size(const i2v_model *model, int *width, int *height);
/* The dtype in which this machine is fastest, of those that lose nothing to be seen; AUTO: float32. */
i2v_dtype i2v_native_dtype(void);
/* Sets sizes. */
void i2v_model_describe(i2v_model *model);

#endif
