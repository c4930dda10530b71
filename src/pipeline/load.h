/* Loads what a stage computes with. */
#ifndef I2V_PIPELINE_LOAD_H
#define I2V_PIPELINE_LOAD_H

#include "pipeline/model.h"

/* What tensors are stored as in a stage: what runs once, before the loop, takes little memory and keeps all digits. */
i2v_element i2v_load_element(const i2v_model *model, i2v_stage_kind kind);

/* Loads part in its form, or counts it if loader is dry. Of loader, device, dry, error, progress and user are set. part
 * is to be freed, by its store, in any case. */
i2v_status i2v_load(i2v_loaded *part, const i2v_model *model, i2v_loader *loader);

#endif
