/* Which passes of the UNet each evaluation of a run takes: one with the picture and, for guidance, one without. */
#ifndef I2V_PIPELINE_PASSES_H
#define I2V_PIPELINE_PASSES_H

#include "base/error.h"

typedef enum i2v_evaluation {
    I2V_EVALUATION_WHOLE,   /* all passes that the run has: two with guidance, else one */
    I2V_EVALUATION_CARRIED, /* with the picture; its difference to the one without is the last that was computed */
    I2V_EVALUATION_BARE     /* with the picture, and without guidance */
} i2v_evaluation;

/* Zeros: all evaluations are whole. */
typedef struct i2v_passes {
    int is_sparse;   /* 1: the rest counts */
    int first, last; /* evaluations first..last - 1 have guidance */
    int every;       /* of these the first is whole, and then every so manyth */
} i2v_passes;

/* What a caller asks for, of a run with guidance. */
typedef struct i2v_passes_request {
    double low, high; /* the noise levels between which there is guidance */
    int every;
} i2v_passes_request;

/* Reads "LOW:HIGH"; of NULL 0:inf. */
i2v_status i2v_passes_read_interval(i2v_passes_request *request, const char *text, i2v_error *error);

/* 1: not every evaluation is whole, or not for every list of levels. */
int i2v_passes_are_sparse(const i2v_passes_request *request);

/* sigmas [evaluations]: where each is made, from high to low. */
i2v_passes i2v_passes_make(const i2v_passes_request *request, const float *sigmas, int evaluations);

i2v_evaluation i2v_passes_of(const i2v_passes *passes, int evaluation);

/* What the first so many evaluations cost, in whole ones; of a part of one, that part. */
double i2v_passes_cost(const i2v_passes *passes, double evaluations);

/* Arrays of the latents' size that are carried from one evaluation to the next: the difference, or none. */
int i2v_passes_remembered(const i2v_passes *passes);

#endif
