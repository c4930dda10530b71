/* What diffusers computed (tools/reference.py): a model in data/reference/NAME/, and the stages of one run of it in
 * data/reference/NAME.safetensors. Every helper fails the running test rather than return an error. */
#ifndef I2V_TESTS_REFERENCE_H
#define I2V_TESTS_REFERENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline/stage.h"
#include "weights/weights.h"

typedef struct i2v_reference {
    const char *model;   /* path of the model's folder */
    const char *folder;  /* of the tensors */
    const char *stem;    /* the tensors' file name without its ending */
    int latent_channels; /* the run's sizes, which params may leave to the model */
    int latent_height, latent_width;
    int num_frames;
    i2v_params params; /* of the run */
} i2v_reference;

#define I2V_REFERENCES 2

/* Reference `index`, 0..I2V_REFERENCES. */
i2v_reference i2v_reference_at(int index);

/* The stages of the run, to be closed with i2v_weights_close. */
i2v_weights *i2v_reference_open(const i2v_reference *reference);

/* The named tensor, which must have `count` values; to be freed. */
float *i2v_reference_values(const i2v_weights *tensors, const char *name, size_t count);

/* The named tensor [frames, channels, height, width] as [frames, height, width, channels]; .data is to be freed. */
i2v_tensor i2v_reference_channels_last(const i2v_weights *tensors, const char *name);

/* The run's picture, of the video's size; to be freed with i2v_image_free. */
i2v_image *i2v_reference_picture(const i2v_weights *tensors, const i2v_reference *reference);

/* The reference's model opened; threads as in i2v_options. */
i2v_engine *i2v_reference_engine(const i2v_reference *reference, int threads);

/* Fails unless every value is within `tolerance` times the largest wanted value of the one wanted. */
void i2v_expect_close(const char *what, const float *found, const float *wanted, size_t count, double tolerance);

/* One part of the model at work, beside the run's tensors. */
typedef struct i2v_reference_stage {
    i2v_reference reference;
    i2v_weights *tensors;
    i2v_engine *engine;
    i2v_call call;
    i2v_stage stage;
    i2v_run *run; /* the stage's */
} i2v_reference_stage;

void i2v_reference_stage_begin(i2v_reference_stage *at, int index, i2v_stage_kind kind);
/* Checks that the run went without an error, too. */
void i2v_reference_stage_end(i2v_reference_stage *at);

#endif
