/* The models that clients may ask for: opened once, and at most one with its weights in memory. */
#ifndef SERVER_MODELS_H
#define SERVER_MODELS_H

#include "say.h"
#include "values.h"

typedef struct server_opened {
    const server_model *model;
    i2v_model *weights;
    i2v_engine *worker;  /* the thread's that works on jobs */
    i2v_engine *planner; /* of requests, which hold `planning` */
    pthread_mutex_t planning;
    i2v_model_info info;
    char sha256[I2V_SHA256_SIZE]; /* "": not asked for yet */
} server_opened;

typedef struct server_models {
    server_opened *items;
    size_t count;
} server_models;

/* models are to be ended in any case. */
i2v_status server_models_begin(server_models *models, const server_settings *settings, server_voice *voice,
                               i2v_error *error);
void server_models_end(server_models *models);

/* The model of that name, with NULL the first; NULL if there is none. */
server_opened *server_models_find(const server_models *models, const char *name);

/* Says that there is none of that name. Returns 0. */
int server_models_refuse(const char *name, server_problem *problem);

/* What the model chose, where values leave it open: its size, its frames, and guidance. given_guidance: a client gave
 * it. */
void server_models_fill(const server_opened *opened, server_values *values, int given_guidance);

/* Whether a job with these parameters can ever be done here, and how long it takes: *seconds, 0 if that is not known.
 * Returns 1; or 0, and problem says why not. */
int server_models_plan(server_opened *opened, const server_values *values, double *seconds, server_problem *problem);

/* Lets go of the weights of all but one, or with NULL of all. */
void server_models_unload(server_models *models, const server_opened *but);

#endif
