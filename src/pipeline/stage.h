/* One part of the model at work: its weights loaded, and a pool for its tensors. */
#ifndef I2V_PIPELINE_STAGE_H
#define I2V_PIPELINE_STAGE_H

#include "model/clip.h"
#include "model/tiny_decoder.h"
#include "model/unet.h"
#include "model/vae.h"
#include "pipeline/call.h"
#include "pipeline/sizes.h"

/* The memory that a stage takes, in bytes, and what it gives up for it. */
typedef struct i2v_stage_plan {
    i2v_trades trades;
    int rung; /* of the trades (plan.h) */
    uint64_t weights, tensors;
    uint64_t held;            /* beside them, while the stage runs */
    uint64_t others;          /* weights of other stages that stay loaded */
    uint64_t multiplications; /* multiply-adds of one pass: of the UNet's step, of a decoded chunk */
    double work;              /* of that pass, as a run counts it */
    double cached_work;       /* share of it that a cached step has (DeepCache); 0: none is */
    double cached_weights;    /* share of the weights that it reads */
    int stays;                /* its own weights stay loaded when it ends */
} i2v_stage_plan;

static inline uint64_t i2v_stage_peak(const i2v_stage_plan *plan) {
    return plan->weights + plan->tensors + plan->held + plan->others;
}

typedef struct i2v_stage {
    i2v_stage_kind kind;
    const i2v_loaded *part; /* the model's, which others may use at the same time; NULL: it could not be loaded */
    i2v_loaded dry;         /* in a dry stage the part itself, without its weights' values */
    union {
        const i2v_clip *clip;
        const i2v_vae_encoder *encoder;
        const i2v_unet *unet;
        const i2v_vae_decoder *decoder;
        const i2v_tiny_decoder *tiny;
        const void *any;
    } model; /* the part's */
    int is_tiny; /* of the decoder's stage: 1 if it is the tiny one */
    i2v_run run;
    i2v_call *call; /* NULL in a dry stage */
    uint64_t held;  /* as in its plan */
    int stays;      /* likewise: the part is kept at the end */
} i2v_stage;

/* The form in which a stage has its weights for calls of these sizes (NULL: for any). */
i2v_form i2v_stage_form(i2v_stage_kind kind, const i2v_sizes *sizes, const i2v_trades *trades);

/* Loads the stage's weights for calls of these sizes (NULL: for any), if they are not loaded from an earlier one or by
 * another engine of the model, and makes the pool that the plan says. A dry one (call NULL) checks names and shapes and
 * counts; of its plan, only the trades are used. End the stage in both cases. */
i2v_status i2v_stage_begin(i2v_stage *stage, i2v_stage_kind kind, i2v_engine *engine, const i2v_sizes *sizes,
                           i2v_call *call, const i2v_stage_plan *plan);
void i2v_stage_end(i2v_stage *stage);

#endif
