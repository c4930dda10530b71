/* Which passes of the UNet each evaluation of a run takes: one with the picture and, for guidance, one without. */
#ifndef I2V_PIPELINE_PASSES_H
#define I2V_PIPELINE_PASSES_H

#include "base/error.h"

typedef enum i2v_evaluation {
    I2V_EVALUATION_WHOLE,   /* all passes that the run has: two with guidance, else one */
    I2V_EVALUATION_CARRIED, /* with the picture; its difference to the one without is the last that was computed */
    I2V_EVALUATION_BARE,    /* with the picture, and without guidance */
    I2V_EVALUATION_FORECAST /* none: what it would give goes on in a line from the two that were computed before */
} i2v_evaluation;

/* Zeros: all evaluations are whole. */
typedef struct i2v_passes {
    int is_sparse;      /* 1: the rest counts */
    int first, last;    /* evaluations first..last - 1 have guidance */
    int every;          /* of these, as far as they are computed, the first is whole, and then every so manyth */
    int forecast_every; /* from the third on the first, and then every so manyth, but not the last; 0: none */
    int evaluations;    /* of the run */
} i2v_passes;

/* What a caller asks for. */
typedef struct i2v_passes_request {
    double low, high; /* the noise levels between which there is guidance */
    int every;
    int forecast_every;
} i2v_passes_request;

/* Reads "LOW:HIGH"; of NULL 0:inf. */
i2v_status i2v_passes_read_interval(i2v_passes_request *request, const char *text, i2v_error *error);

/* 1: not every evaluation is whole, or not for every list of levels. */
int i2v_passes_are_sparse(const i2v_passes_request *request);

/* sigmas [evaluations]: where each is made, from high to low; guidance: 1 if the run has it. */
i2v_passes i2v_passes_make(const i2v_passes_request *request, const float *sigmas, int evaluations, int guidance);

i2v_evaluation i2v_passes_of(const i2v_passes *passes, int evaluation);

/* How far a forecast goes beyond the later of the two that it goes on from, over the way between these, in ln sigma. */
float i2v_passes_ahead(const i2v_passes *passes, const float *sigmas, int evaluation);

/* 1: the difference is carried from one evaluation to the next; some are forecast. */
int i2v_passes_carry(const i2v_passes *passes);
int i2v_passes_forecast(const i2v_passes *passes);
/* Arrays of the latents' size that this takes: one for the difference, then two for forecasts. */
int i2v_passes_remembered(const i2v_passes *passes);

#endif
