/* The stages of a call. */
#ifndef I2V_PIPELINE_STAGE_KIND_H
#define I2V_PIPELINE_STAGE_KIND_H

/* In their order. */
typedef enum i2v_stage_kind {
    I2V_STAGE_CLIP,
    I2V_STAGE_ENCODER,
    I2V_STAGE_UNET,
    I2V_STAGE_DECODER,
    I2V_STAGES_COUNT
} i2v_stage_kind;

/* 1: its one pass uses each weight once. */
static inline int i2v_stage_runs_once(i2v_stage_kind kind) {
    return kind == I2V_STAGE_CLIP || kind == I2V_STAGE_ENCODER;
}

#endif
