/* An opened model: its configurations and opened weights. What one call needs beside them is made by that call. */
#ifndef I2V_PIPELINE_ENGINE_H
#define I2V_PIPELINE_ENGINE_H

#include "model/config.h"
#include "pipeline/scheduler.h"
#include "tensor/ops.h"
#include "weights/lora.h"
#include "weights/set.h"

typedef enum i2v_part {
    I2V_PART_UNET,
    I2V_PART_VAE,
    I2V_PART_IMAGE_ENCODER,
    I2V_PART_FRAME_DECODER,
    I2V_PARTS_COUNT
} i2v_part;

/* The steps of a run, in their order. */
typedef enum i2v_stage_kind {
    I2V_STAGE_CLIP,
    I2V_STAGE_ENCODER,
    I2V_STAGE_UNET,
    I2V_STAGE_DECODER,
    I2V_STAGES_COUNT
} i2v_stage_kind;

struct i2v_engine {
    i2v_error error;
    int opened; /* i2v_open succeeded: all below is there */
    char *path;
    i2v_options options;
    i2v_device device;
    const i2v_backend *backend;
    i2v_element element; /* of activations in the UNet and the VAE decoder */
    atomic_int cancel;
    int begun;         /* calls that compute: 0 or 1 */
    double tick_pause; /* least seconds from one event to one within a step; tests have less */

    i2v_unet_config unet;
    i2v_vae_config vae;     /* of the encoder */
    i2v_vae_config decoder; /* of the VAE's own decoder, or of the frame decoder in its place */
    i2v_clip_config clip;
    i2v_normalization normalization;
    i2v_scheduler_config scheduler;
    i2v_weights *weights[I2V_PARTS_COUNT]; /* of the frame decoder, NULL where the VAE's own is used */
    i2v_lora_set *lora;                    /* of the UNet's weights; NULL: none */
    char sizes[I2V_PARTS_COUNT][256];      /* for i2v_get_model_info */
    struct i2v_kept *kept;                 /* parts that stay loaded; NULL without options.keep_loaded */
};

/* Fails if i2v_open did, or where there is no engine: then there is no message either. */
i2v_status i2v_engine_check_opened(i2v_engine *engine);
/* Begins a call that computes, with an empty message: the same, the engine has its threads, and no call on it has begun
 * that is not ended, as where a callback makes one. What begins well is to be ended, and nothing else. */
i2v_status i2v_engine_begin(i2v_engine *engine);
void i2v_engine_end(i2v_engine *engine);
/* 1: between the two, in this process. */
int i2v_engine_is_busy(const i2v_engine *engine);
/* Pixels per latent on a side. */
int i2v_engine_scale(const i2v_engine *engine);
/* What width and height must be multiples of. */
int i2v_engine_size_step(const i2v_engine *engine);
/* Size of a video where none is asked for. */
void i2v_engine_default_size(const i2v_engine *engine, int *width, int *height);

#endif
