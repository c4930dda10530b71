/* One part of the model at work: its weights loaded, and a pool for its tensors. */
#ifndef I2V_PIPELINE_STAGE_H
#define I2V_PIPELINE_STAGE_H

#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "pipeline/call.h"
#include "pipeline/sizes.h"

/* The memory that a stage takes, in bytes, and what it gives up for it. */
typedef struct i2v_stage_plan {
    i2v_trades trades;
    int level; /* of the trades */
    uint64_t weights, tensors;
    uint64_t held;            /* beside them, while the stage runs */
    uint64_t others;          /* weights of other stages that stay loaded */
    uint64_t multiplications; /* multiply-adds of one pass: of the UNet's step, of a decoded chunk */
    double work;              /* of that pass, as a run counts it */
    int stays;                /* its own weights stay loaded when it ends */
} i2v_stage_plan;

static inline uint64_t i2v_stage_peak(const i2v_stage_plan *plan) {
    return plan->weights + plan->tensors + plan->held + plan->others;
}

/* The part of the model that works in it. */
i2v_part i2v_stage_part(const i2v_engine *engine, i2v_stage_kind kind);

/* 1: its one pass uses each weight once. */
static inline int i2v_stage_runs_once(i2v_stage_kind kind) {
    return kind == I2V_STAGE_CLIP || kind == I2V_STAGE_ENCODER;
}

typedef struct i2v_stage {
    i2v_stage_kind kind;
    union {
        i2v_clip *clip;
        i2v_vae_encoder *encoder;
        i2v_unet *unet;
        i2v_vae_decoder *decoder;
        void *any;
    } model; /* belongs to the store */
    i2v_store store;
    i2v_run run;
    i2v_call *call;                  /* NULL in a dry stage */
    uint64_t held;                   /* as in its plan */
    int stays;                       /* all is loaded, and is kept at the end */
    int streams;                     /* some weights are read from the file at each use */
    int latent_height, latent_width; /* what it is loaded for; 0: any size */
} i2v_stage;

/* Loads the stage's weights for runs of these sizes (NULL: for any), if they did not stay loaded from an earlier one,
 * and makes the pool that the plan says. A dry one (call NULL) checks names and shapes and counts; of its plan, only
 * the trades are used. End the stage in both cases.
 */
i2v_status i2v_stage_begin(i2v_stage *stage, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                           i2v_call *call, const i2v_stage_plan *plan);
void i2v_stage_end(i2v_stage *stage);

#endif
